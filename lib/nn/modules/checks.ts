/** Checks of the inputs of layers, and numbers in their texts. */
import { valueError } from '../../bindings/errors';
import { type Handle, tensorHandle } from '../../bindings/handle';
import { native } from '../../bindings/native';
import { checkOrRecord } from '../../dispatch/replay';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import type { Module } from './module';

/**
 * Returns the number of dimensions of a layer's input.
 *
 * @throws TypeError that names the layer, unless the input is a tensor
 */
export const dimsOf = (input: unknown, layer: Module): number => native.dim(handleOf(input, layer));

const handleOf = (input: unknown, layer: Module): Handle =>
  tensorHandle(input, { name: layer._get_name(), parameters: [] }, 'input');

/** Throws a RangeError (ValueError) unless the input has one of the numbers of dimensions. */
export function checkDims(layer: Module, input: Tensor, ...allowed: readonly number[]): void {
  const handle = handleOf(input, layer);
  const check = (): void => {
    const ndim = native.dim(handle);
    if (allowed.includes(ndim)) return;
    const expected = allowed.map((each) => `${each}D`).join(' or ');
    throw valueError(`expected ${expected} input (got ${ndim}D input)`);
  };
  checkOrRecord(handle, check, () => native.record_dims(handle, allowed));
}

/** Returns Python's `repr` of a float or None. */
export const numberRepr = (value: number | null): string =>
  value === null ? 'None' : floatRepr(value);
