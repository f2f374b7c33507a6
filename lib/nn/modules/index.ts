/** All layers and losses. */
import { knowExports } from './replay';

export * from './activation';
export {
  AdaptiveLogSoftmaxWithLoss,
  type AdaptiveLogSoftmaxWithLossOptions,
  type AdaptiveOutput,
} from './adaptive';
export {
  type AttentionOptions,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from './attention';
export type { FullBackwardHook, FullBackwardPreHook } from './backward_hook';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type NormOptions } from './batchnorm';
export * from './channelshuffle';
export { ModuleDict, ModuleList, type ModuleMapping, Sequential } from './container';
export type { PaddingMode } from './conv/base';
export * from './conv/plain';
export * from './conv/transposed';
export type { ToOptions } from './conversion';
export { CrossMapLRN2d } from './crossmap';
export * from './distance';
export * from './dropout';
export * from './flatten';
export { Fold, Unfold } from './fold';
export type {
  ForwardHook,
  ForwardHookOptions,
  ForwardPreHook,
  ForwardPreHookOptions,
  LoadHook,
  LoadPreHook,
  StateHook,
  StatePreHook,
} from './hooks';
export * from './instancenorm';
export * from './linear';
export * from './loss';
export { Module } from './module';
export * from './normalization';
export * from './padding';
export * from './parameter_container';
export * from './pixelshuffle';
export * from './pooling/adaptive';
export * from './pooling/average';
export * from './pooling/fractional';
export * from './pooling/maximum';
export * from './pooling/unpooling';
export { type GRUOptions, type LSTMOptions, RNNBase, type RNNOptions } from './rnn/base';
export * from './rnn/cells';
export type { InitialState } from './rnn/kinds';
export * from './rnn/layers';
export * from './sparse';
export { IncompatibleKeys, type StateDict } from './state';
export { SyncBatchNorm, type SyncBatchNormOptions } from './syncbatchnorm';
export { Transformer, type TransformerMasks, type TransformerOptions } from './transformer';
export {
  type Activation,
  type DecoderOptions,
  type EncoderLayerOptions,
  type LayerOptions,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from './transformer_layer';
export {
  type EncoderOptions,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerEncoderOptions,
} from './transformer_stack';
export type { NamedOptions } from './tree';

export { Upsample, UpsamplingBilinear2d, UpsamplingNearest2d } from './upsampling';

knowExports(exports);
