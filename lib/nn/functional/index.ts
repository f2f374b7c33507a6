/** `torch.nn.functional`. See https://docs.pytorch.org/docs/stable/nn.functional.html */
export * from './activation';
export * from './distance';
export { type DropoutOptions, dropout } from './dropout';
export * from './linear';
export * from './loss';
export * from './softmax';
export { type EmbeddingOptions, embedding, one_hot } from './sparse';
