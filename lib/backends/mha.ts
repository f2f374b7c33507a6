/** `torch.backends.mha`: whether attention and Transformers may use libtorch's fused kernels in evaluation. */
import { BOOL, required, Signature } from '../dispatch/signature';

let isEnabled = true;

/** Returns whether the fast path is enabled. Calls take it only if their inputs allow it. */
export function get_fastpath_enabled(): boolean {
  return isEnabled;
}

const SET = new Signature('set_fastpath_enabled', { value: required(BOOL) });

/** Enables or disables the fast path in this thread. Default: enabled. */
export function set_fastpath_enabled(value: boolean): void;
export function set_fastpath_enabled(...args: unknown[]): void {
  isEnabled = SET.read(args).value;
}
