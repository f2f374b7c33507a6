/** `torch.nn.functional`. See https://docs.pytorch.org/docs/stable/nn.functional.html */
export * from './activation';
export { multi_head_attention_forward } from './attention/multi_head';
export {
  type ScaledDotProductOptions,
  scaled_dot_product_attention,
} from './attention/scaled_dot_product';
export * from './conv';
export * from './distance';
export {
  alpha_dropout,
  type DropoutOptions,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  feature_alpha_dropout,
} from './dropout';
export { type BlockOptions, fold, unfold } from './fold';
export {
  type Factor,
  type InterpolateOptions,
  type InterpolationMode,
  interpolate,
  type ScalingOptions,
  type UpsampleOptions,
} from './interpolate';
export * from './linear';
export * from './loss';
export * from './normalization';
export * from './padding';
export * from './pooling';
export * from './softmax';
export {
  type BagMode,
  type EmbeddingBagOptions,
  type EmbeddingOptions,
  embedding,
  embedding_bag,
  one_hot,
} from './sparse';
export * from './vision';
