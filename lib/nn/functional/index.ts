/** `torch.nn.functional`. See https://docs.pytorch.org/docs/stable/nn.functional.html */
export * from './activation';
export {
  multi_head_attention_forward,
  type ScaledDotProductOptions,
  scaled_dot_product_attention,
} from './attention';
export * from './distance';
export { type DropoutOptions, dropout } from './dropout';
export * from './linear';
export * from './loss';
export * from './softmax';
export { type EmbeddingOptions, embedding, one_hot } from './sparse';
