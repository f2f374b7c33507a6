/** `torch.optim`. See https://docs.pytorch.org/docs/stable/optim.html */
import type { Module } from '../nn/modules/module';
import { onFirstUse } from '../utils/on_first_use';
import type * as adadelta from './adadelta';
import type * as adafactor from './adafactor';
import type * as adagrad from './adagrad';
import type * as adam from './adam';
import type * as adamax from './adamax';
import type * as asgd from './asgd';
import type * as lbfgs from './lbfgs';
import type * as schedulers from './lr_scheduler';
import type * as muon from './muon';
import type * as nadam from './nadam';
import type * as radam from './radam';
import type * as rmsprop from './rmsprop';
import type * as rprop from './rprop';
import type * as sparse_adam from './sparse_adam';
import type * as averages from './swa_utils';

export type { AdadeltaGroup, AdadeltaOptions } from './adadelta';
export type { AdafactorGroup, AdafactorOptions } from './adafactor';
export type { AdagradGroup, AdagradOptions } from './adagrad';
export type { AdamGroup, AdamOptions, AdamWOptions } from './adam';
export type { AdamaxGroup, AdamaxOptions } from './adamax';
export type { ASGDGroup, ASGDOptions } from './asgd';
export type { LBFGSGroup, LBFGSOptions } from './lbfgs';
export type { MuonGroup, MuonOptions } from './muon';
export type { NAdamGroup, NAdamOptions } from './nadam';
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
export type { RAdamGroup, RAdamOptions } from './radam';
export type { RMSpropGroup, RMSpropOptions } from './rmsprop';
export type { RpropGroup, RpropOptions } from './rprop';
export { SGD, type SGDGroup, type SGDOptions } from './sgd';
export type { SparseAdamGroup, SparseAdamOptions } from './sparse_adam';

// Every optimizer but SGD is loaded on first use.
export declare const Adadelta: typeof adadelta.Adadelta;
export type Adadelta = adadelta.Adadelta;
export declare const Adafactor: typeof adafactor.Adafactor;
export type Adafactor = adafactor.Adafactor;
export declare const Adagrad: typeof adagrad.Adagrad;
export type Adagrad = adagrad.Adagrad;
export declare const Adam: typeof adam.Adam;
export type Adam = adam.Adam;
export declare const AdamW: typeof adam.AdamW;
export type AdamW = adam.AdamW;
export declare const Adamax: typeof adamax.Adamax;
export type Adamax = adamax.Adamax;
export declare const ASGD: typeof asgd.ASGD;
export type ASGD = asgd.ASGD;
export declare const LBFGS: typeof lbfgs.LBFGS;
export type LBFGS = lbfgs.LBFGS;
export declare const Muon: typeof muon.Muon;
export type Muon = muon.Muon;
export declare const NAdam: typeof nadam.NAdam;
export type NAdam = nadam.NAdam;
export declare const RAdam: typeof radam.RAdam;
export type RAdam = radam.RAdam;
export declare const RMSprop: typeof rmsprop.RMSprop;
export type RMSprop = rmsprop.RMSprop;
export declare const Rprop: typeof rprop.Rprop;
export type Rprop = rprop.Rprop;
export declare const SparseAdam: typeof sparse_adam.SparseAdam;
export type SparseAdam = sparse_adam.SparseAdam;
onFirstUse(exports, 'Adadelta', () => require('./adadelta').Adadelta);
onFirstUse(exports, 'Adafactor', () => require('./adafactor').Adafactor);
onFirstUse(exports, 'Adagrad', () => require('./adagrad').Adagrad);
onFirstUse(exports, 'Adam', () => require('./adam').Adam);
onFirstUse(exports, 'AdamW', () => require('./adam').AdamW);
onFirstUse(exports, 'Adamax', () => require('./adamax').Adamax);
onFirstUse(exports, 'ASGD', () => require('./asgd').ASGD);
onFirstUse(exports, 'LBFGS', () => require('./lbfgs').LBFGS);
onFirstUse(exports, 'Muon', () => require('./muon').Muon);
onFirstUse(exports, 'NAdam', () => require('./nadam').NAdam);
onFirstUse(exports, 'RAdam', () => require('./radam').RAdam);
onFirstUse(exports, 'RMSprop', () => require('./rmsprop').RMSprop);
onFirstUse(exports, 'Rprop', () => require('./rprop').Rprop);
onFirstUse(exports, 'SparseAdam', () => require('./sparse_adam').SparseAdam);

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
