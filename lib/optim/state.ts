/** States of optimizers as plain data: their form, and how they are restored. */

import { typeError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { isOptions } from '../dispatch/arguments';
import { to } from '../nn/ops';
import { float32 } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';

/** An optimizer's state for one parameter. */
export type ParameterState = Record<string, unknown>;

/**
 * The state of an optimizer as plain data and tensors. Parameters are replaced by numbers, which count through all
 * groups.
 */
export interface OptimizerState {
  state: Record<number, ParameterState>;
  param_groups: (Record<string, unknown> & { params: number[] })[];
}

/** @throws TypeError unless the value is a state */
export function checkedState(value: unknown): OptimizerState {
  if (isState(value)) return value;
  throw typeError('load_state_dict(): argument must be what state_dict() gave');
}

function isState(value: unknown): value is OptimizerState {
  return isOptions(value) && isOptions(value['state']) && areGroups(value['param_groups']);
}

/** Returns whether a value is a list of groups of parameters. */
export function areGroups(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((group) => isOptions(group) && Array.isArray(group['params']))
  );
}

/** A parameter, and whether its count of steps is on its device. */
export interface Owner {
  readonly parameter: Tensor;
  readonly keepsCountOnDevice: boolean;
}

/** Converts a state value to the dtype and device of its parameter. */
export function convertStateValue(value: unknown, owner: Owner, key?: string): unknown {
  const { parameter, keepsCountOnDevice } = owner;
  if (isTensor(value)) {
    if (key === 'step') {
      if (!keepsCountOnDevice) return value;
      return to(value as Tensor, { device: parameter.device, dtype: float32 });
    }
    const { device, dtype } = parameter;
    const conversion = dtype.is_floating_point ? { device, dtype } : { device };
    return to(value as Tensor, conversion);
  }
  if (Array.isArray(value)) return value.map((element) => convertStateValue(element, owner));
  if (!isOptions(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, convertStateValue(member, owner, name)]),
  );
}

/** Options that came after an optimizer's first release, with what they are in groups that were saved before. */
const LATER = {
  amsgrad: false,
  capturable: false,
  centered: false,
  decoupled_weight_decay: false,
  differentiable: false,
  foreach: null,
  fused: null,
  maximize: false,
  momentum: 0,
  nesterov: false,
};

/** Returns the options that groups of an older version lack. */
export const missingOptions = (defaults: object, saved: object): object =>
  Object.fromEntries(
    Object.entries(LATER).filter(([name]) => name in defaults && !(name in saved)),
  );
