/** `torch.optim.lr_scheduler`. See https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate */

/** A learning rate: a number, or a tensor with one element. */
export type { Value as Rate } from '../values';
export { ChainedScheduler, SequentialLR, type Steppable } from './composition';
export {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
  type CosineOptions,
} from './cosine';
export { CyclicLR, type CyclicLROptions, type CyclicMode, type ScaleFunction } from './cyclic';
export {
  ConstantLR,
  type ConstantLROptions,
  ExponentialLR,
  type GammaOptions,
  LinearLR,
  type LinearLROptions,
  MultiStepLR,
  PolynomialLR,
  type PolynomialLROptions,
  StepLR,
} from './decay';
export type { AnyOptimizer, Momentum, Rates } from './groups';
export { LambdaLR, type LRLambda, MultiplicativeLR } from './lambda';
export { type AnnealStrategy, OneCycleLR, type OneCycleLROptions } from './one_cycle';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau';
export { LRScheduler, type SchedulerOptions, type SchedulerState } from './scheduler';
