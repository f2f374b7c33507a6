/** `torch.optim`. See https://docs.pytorch.org/docs/stable/optim.html */
import { knowOptimizers } from './optimizer';

export { Adadelta, type AdadeltaGroup, type AdadeltaOptions } from './adadelta';
export { Adafactor, type AdafactorGroup, type AdafactorOptions } from './adafactor';
export { Adagrad, type AdagradGroup, type AdagradOptions } from './adagrad';
export { Adam, type AdamGroup, type AdamOptions, AdamW, type AdamWOptions } from './adam';
export { Adamax, type AdamaxGroup, type AdamaxOptions } from './adamax';
export { ASGD, type ASGDGroup, type ASGDOptions } from './asgd';
export type { GroupOf, ParametersOrGroups, ParamGroup } from './groups';
export {
  type OptimizerHook,
  register_optimizer_step_post_hook,
  register_optimizer_step_pre_hook,
  type StateDictHook,
  type StepPostHook,
  type StepPreHook,
} from './hooks';
export { LBFGS, type LBFGSGroup, type LBFGSOptions } from './lbfgs';
/** Learning rate schedulers. */
export * as lr_scheduler from './lr_scheduler';
export { Muon, type MuonGroup, type MuonOptions } from './muon';
export { NAdam, type NAdamGroup, type NAdamOptions } from './nadam';
export { Optimizer } from './optimizer';
export { RAdam, type RAdamGroup, type RAdamOptions } from './radam';
export { RMSprop, type RMSpropGroup, type RMSpropOptions } from './rmsprop';
export { Rprop, type RpropGroup, type RpropOptions } from './rprop';
export { SGD, type SGDGroup, type SGDOptions } from './sgd';
export { SparseAdam, type SparseAdamGroup, type SparseAdamOptions } from './sparse_adam';
export type { OptimizerState } from './state';
/** Averages of a model's weights. */
export * as swa_utils from './swa_utils';

knowOptimizers(exports);
