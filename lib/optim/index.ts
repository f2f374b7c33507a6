/** `torch.optim`. See https://docs.pytorch.org/docs/stable/optim.html */
export { Adadelta, type AdadeltaGroup, type AdadeltaOptions } from './adadelta';
export { Adagrad, type AdagradGroup, type AdagradOptions } from './adagrad';
export { Adam, type AdamGroup, type AdamOptions, AdamW, type AdamWOptions } from './adam';
export { Adamax, type AdamaxGroup, type AdamaxOptions } from './adamax';
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
export { RMSprop, type RMSpropGroup, type RMSpropOptions } from './rmsprop';
export { SGD, type SGDGroup, type SGDOptions } from './sgd';
