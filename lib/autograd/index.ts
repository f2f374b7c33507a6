/** `torch.autograd`: gradients of tensors. See https://docs.pytorch.org/docs/stable/autograd.html */
export { GradcheckError } from '../bindings/errors';
export {
  detect_anomaly,
  is_anomaly_check_nan_enabled,
  is_anomaly_enabled,
  set_detect_anomaly,
} from './anomaly_mode';
/** `torch.autograd.function`. */
export * as function from './function';
export { Function } from './function';
/** Jacobians, Hessians, and their products with vectors. */
export * as functional from './functional';
export { type BackwardOptions, backward, type GradOptions, grad } from './grad';
export {
  enable_grad,
  inference_mode,
  is_grad_enabled,
  no_grad,
  set_grad_enabled,
} from './grad_mode';
export {
  type CheckedFunction,
  type GradcheckOptions,
  type GradgradcheckOptions,
  gradcheck,
  gradgradcheck,
} from './gradcheck';
