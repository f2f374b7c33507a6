/** Hooks and functions of the graph in JavaScript: native/operators/{hooks,custom_function,anomaly}.cc. */
import type { Handle } from '../handle';

type Optional = Handle | null | undefined;

export interface NativeHooks {
  /** Calls the hook with each gradient of the tensor. The name is for error messages. */
  register_tensor_hook(
    tensor: Handle,
    hook: (gradient: Handle) => Handle | undefined,
    name: string,
  ): void;
  register_post_accumulate_grad_hook(tensor: Handle, hook: (tensor: Handle) => void): void;
  /** Registers a hook of the function that `path` leads to from the tensor's `grad_fn`. */
  register_node_hook(
    tensor: Handle,
    path: readonly number[],
    isPre: boolean,
    hook: (...gradients: Optional[][]) => Optional[] | undefined,
    name: string,
  ): void;
  /**
   * Makes the outputs of a custom function part of the graph. Returns the tensor that replaces an output, and undefined
   * for an output that stays itself.
   */
  custom_function(
    name: string,
    backward: (gradients: Optional[]) => Optional[],
    inputs: readonly Handle[],
    outputs: readonly Optional[],
    dirty: readonly Handle[],
    nonDifferentiable: readonly Handle[],
    saved: readonly Optional[],
    materializes: boolean,
  ): (Handle | undefined)[];
  /** Returns what the custom function saved whose backward pass runs now. */
  saved_tensors(): (Handle | undefined)[];
  set_detect_anomaly(enabled: boolean, checkNan: boolean, stackOfCaller: () => string): void;
  is_anomaly_enabled(): boolean;
  is_anomaly_check_nan_enabled(): boolean;
}
