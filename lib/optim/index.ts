/** `torch.optim`. See https://docs.pytorch.org/docs/stable/optim.html */
import type { Module } from '../nn/modules/module';
import { onFirstUse } from '../utils/on_first_use';
import type * as schedulers from './lr_scheduler';
import type * as averages from './swa_utils';

export { Adadelta, type AdadeltaGroup, type AdadeltaOptions } from './adadelta';
export { Adafactor, type AdafactorGroup, type AdafactorOptions } from './adafactor';
export { Adagrad, type AdagradGroup, type AdagradOptions } from './adagrad';
export { Adam, type AdamGroup, type AdamOptions, AdamW, type AdamWOptions } from './adam';
export { Adamax, type AdamaxGroup, type AdamaxOptions } from './adamax';
export { ASGD, type ASGDGroup, type ASGDOptions } from './asgd';
export { LBFGS, type LBFGSGroup, type LBFGSOptions } from './lbfgs';
export { Muon, type MuonGroup, type MuonOptions } from './muon';
export { NAdam, type NAdamGroup, type NAdamOptions } from './nadam';
export {
  type GroupOf,
  Optimizer,
  type OptimizerHook,
  type OptimizerState,
  type ParametersOrGroups,
  type ParamGroup,
  register_optimizer_step_post_hook,
  register_optimizer_step_pre_hook,
  type StateDictHook,
  type StepPostHook,
  type StepPreHook,
} from './optimizer';
export { RAdam, type RAdamGroup, type RAdamOptions } from './radam';
export { RMSprop, type RMSpropGroup, type RMSpropOptions } from './rmsprop';
export { Rprop, type RpropGroup, type RpropOptions } from './rprop';
export { SGD, type SGDGroup, type SGDOptions } from './sgd';
export { SparseAdam, type SparseAdamGroup, type SparseAdamOptions } from './sparse_adam';

/** Learning rate schedulers, loaded on first use. */
export declare const lr_scheduler: typeof schedulers;
export declare namespace lr_scheduler {
  export type AnyOptimizer = schedulers.AnyOptimizer;
  export type ChainedScheduler = schedulers.ChainedScheduler;
  export type ConstantLR = schedulers.ConstantLR;
  export type CosineAnnealingLR = schedulers.CosineAnnealingLR;
  export type CosineAnnealingWarmRestarts = schedulers.CosineAnnealingWarmRestarts;
  export type CyclicLR = schedulers.CyclicLR;
  export type ExponentialLR = schedulers.ExponentialLR;
  export type LambdaLR = schedulers.LambdaLR;
  export type LinearLR = schedulers.LinearLR;
  export type LRScheduler<Args extends readonly unknown[] = [epoch?: number | null]> =
    schedulers.LRScheduler<Args>;
  export type MultiplicativeLR = schedulers.MultiplicativeLR;
  export type MultiStepLR = schedulers.MultiStepLR;
  export type OneCycleLR = schedulers.OneCycleLR;
  export type PolynomialLR = schedulers.PolynomialLR;
  export type Rate = schedulers.Rate;
  export type ReduceLROnPlateau = schedulers.ReduceLROnPlateau;
  export type SchedulerState = schedulers.SchedulerState;
  export type SequentialLR = schedulers.SequentialLR;
  export type StepLR = schedulers.StepLR;
}
onFirstUse(exports, 'lr_scheduler', () => require('./lr_scheduler'));

/** Averages of a model's weights, loaded on first use. */
export declare const swa_utils: typeof averages;
export declare namespace swa_utils {
  export type AveragedModel<Model extends Module = Module> = averages.AveragedModel<Model>;
  export type AvgFn = averages.AvgFn;
  export type MultiAvgFn = averages.MultiAvgFn;
  export type SWALR = averages.SWALR;
}
onFirstUse(exports, 'swa_utils', () => require('./swa_utils'));
