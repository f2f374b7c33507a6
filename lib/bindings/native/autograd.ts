/** Gradients: native/operators/autograd.cc. */
import type { Handle, OptionalHandle } from '../handle';

export interface NativeAutograd {
  backward(
    tensors: readonly Handle[],
    gradients: readonly OptionalHandle[],
    retainGraph: boolean,
    createGraph: boolean,
    inputs: readonly Handle[],
  ): void;
  /** For tests: returns how many backward passes of the process ran without libtorch's engine. */
  inline_backward_count(): number;
  grad_of(
    outputs: readonly Handle[],
    inputs: readonly Handle[],
    gradients: readonly OptionalHandle[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): (Handle | undefined)[];
  /** Returns the live object of the gradient if there is one, else a new handle; undefined without a gradient. */
  grad(tensor: Handle): Handle | object | undefined;
  set_grad(tensor: Handle, gradient: OptionalHandle): void;
  requires_grad(tensor: Handle): boolean;
  set_requires_grad(tensor: Handle, value: boolean, inPlace: boolean): void;
  is_leaf(tensor: Handle): boolean;
  retain_grad(tensor: Handle): void;
  retains_grad(tensor: Handle): boolean;
  parameter(data: Handle, requiresGrad: boolean): Handle;
  /** Returns a copy whose backward pass gives no gradient to the input. */
  without_gradient(tensor: Handle): Handle;
  data(tensor: Handle): Handle;
  set_data(tensor: Handle, value: Handle): void;
  grad_fn_name(tensor: Handle, path: readonly number[]): string | undefined;
  next_functions(tensor: Handle, path: readonly number[]): (number | undefined)[];
  is_grad_enabled(): boolean;
  set_grad_enabled(enabled: boolean): void;
  enter_inference_mode(enabled: boolean): void;
  /** Restores the mode that the last `enter_inference_mode` replaced. */
  leave_inference_mode(): void;
  is_inference_mode_enabled(): boolean;
  is_inference(tensor: Handle): boolean;
}
