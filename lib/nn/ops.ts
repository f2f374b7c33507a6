/** The operators that layers and optimizers stand on, as typed functions. */

import type { Device } from '../device';
import type { DType } from '../dtype';
import type { MemoryFormat } from '../layout';
import { native } from '../native';
import { Operator } from '../operators';
import type { Tensor } from '../tensor';

type Function = (...args: never[]) => unknown;

/** `aten::name` as a function, its overloads tried in the order given. */
export function op<F extends Function>(name: string, overloads: readonly string[] = ['']): F {
  const operator = new Operator(`aten::${name}`, { overloads, name });
  const call = (...args: unknown[]): unknown => operator.call(args);
  Object.defineProperty(call, 'name', { value: name });
  return call as unknown as F;
}

export interface Conversion {
  dtype?: DType | null | undefined;
  device?: Device | string | null | undefined;
  non_blocking?: boolean | undefined;
  memory_format?: MemoryFormat | null | undefined;
}

/** The tensor itself where there is nothing to convert. */
export const to = op<(self: Tensor, options: Conversion) => Tensor>('to', ['dtype_layout']);
export const detach = op<(self: Tensor) => Tensor>('detach');
export const detach_ = op<(self: Tensor) => Tensor>('detach_');
export const copy_ = op<(self: Tensor, source: Tensor) => Tensor>('copy_');
export const zero_ = op<(self: Tensor) => Tensor>('zero_');
export const view = op<(self: Tensor, size: readonly number[]) => Tensor>('view');
export const hasCompatibleShallowCopyType = op<(self: Tensor, from: Tensor) => boolean>(
  '_has_compatible_shallow_copy_type',
);

/** Runs a function that records nothing. */
export function withoutGrad<T>(run: () => T): T {
  const enabled = native.is_grad_enabled();
  native.set_grad_enabled(false);
  try {
    return run();
  } finally {
    native.set_grad_enabled(enabled);
  }
}
