/** `torch.optim`. See https://docs.pytorch.org/docs/stable/optim.html */
export {
  type GroupOf,
  Optimizer,
  type OptimizerState,
  type ParametersOrGroups,
  type ParamGroup,
} from './optimizer';
export { SGD, type SGDGroup, type SGDOptions } from './sgd';
