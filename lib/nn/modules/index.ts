/** All layers and losses. */
export * from './activation';
export {
  AdaptiveLogSoftmaxWithLoss,
  type AdaptiveLogSoftmaxWithLossOptions,
  type AdaptiveOutput,
} from './adaptive';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type NormOptions } from './batchnorm';
export * from './channelshuffle';
export { ModuleDict, ModuleList, type ModuleMapping, Sequential } from './container';
export * from './conv';
export type { ToOptions } from './conversion';
export * from './distance';
export * from './dropout';
export * from './flatten';
export * from './instancenorm';
export * from './linear';
export * from './loss';
export { Module, type NamedOptions } from './module';
export * from './normalization';
export * from './padding';
export * from './pixelshuffle';
export * from './pooling';
export * from './sparse';
export { IncompatibleKeys, type StateDict } from './state';
