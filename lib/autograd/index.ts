/** `torch.autograd`: gradients of tensors. See https://docs.pytorch.org/docs/stable/autograd.html */
import { onFirstUse } from '../utils/on_first_use';
import * as functions from './function';
import type * as derivatives from './functional';
import type * as checks from './gradcheck';

export { GradcheckError } from '../bindings/errors';
export {
  detect_anomaly,
  is_anomaly_check_nan_enabled,
  is_anomaly_enabled,
  set_detect_anomaly,
} from './anomaly_mode';
export { Function } from './function';
export { type BackwardOptions, backward, type GradOptions, grad } from './grad';
export {
  enable_grad,
  inference_mode,
  is_grad_enabled,
  no_grad,
  set_grad_enabled,
} from './grad_mode';
export type { CheckedFunction, GradcheckOptions, GradgradcheckOptions } from './gradcheck';

/** `torch.autograd.function`. */
export { functions as function };

// What few programs use is loaded on first use.
export declare const gradcheck: typeof checks.gradcheck;
export declare const gradgradcheck: typeof checks.gradgradcheck;
onFirstUse(exports, 'gradcheck', () => require('./gradcheck').gradcheck);
onFirstUse(exports, 'gradgradcheck', () => require('./gradcheck').gradgradcheck);

/** Jacobians, Hessians, and their products with vectors. */
export declare const functional: typeof derivatives;
export declare namespace functional {
  export type Differentiable = derivatives.Differentiable;
  export type JacobianOptions = derivatives.JacobianOptions;
  export type ProductOptions = derivatives.ProductOptions;
  export type Tensors = derivatives.Tensors;
}
onFirstUse(exports, 'functional', () => require('./functional'));
