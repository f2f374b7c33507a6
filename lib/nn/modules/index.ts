/** All layers and losses. */
import { knowExports } from './replay';

export * from './activation';
export {
  AdaptiveLogSoftmaxWithLoss,
  type AdaptiveLogSoftmaxWithLossOptions,
  type AdaptiveOutput,
} from './adaptive';
export type { FullBackwardHook, FullBackwardPreHook } from './backward_hook';
export { ModuleDict, ModuleList, type ModuleMapping, Sequential } from './container';
export type { ToOptions } from './conversion';
export * from './distance';
export * from './dropout';
export * from './flatten';
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
export * from './layers';
export * from './linear';
export * from './loss';
export { Module, type NamedOptions } from './module';
export * from './sequences';
export * from './sparse';
export { IncompatibleKeys, type StateDict } from './state';

knowExports(exports);
