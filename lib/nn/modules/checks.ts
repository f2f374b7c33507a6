/** Checks of the inputs of layers, and numbers in their texts. */
import { valueError } from '../../bindings/errors';
import { tensorHandle } from '../../bindings/handle';
import { native } from '../../bindings/native';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import type { Module } from './module';

/**
 * Returns the number of dimensions of a layer's input.
 *
 * @throws TypeError that names the layer, unless the input is a tensor
 */
export const dimsOf = (input: unknown, layer: Module): number =>
  native.dim(tensorHandle(input, { name: layer._get_name(), parameters: [] }, 'input'));

/** Throws a RangeError (ValueError) unless the input has one of the numbers of dimensions. */
export function checkDims(layer: Module, input: Tensor, ...allowed: readonly number[]): void {
  const ndim = dimsOf(input, layer);
  if (allowed.includes(ndim)) return;
  const expected = allowed.map((each) => `${each}D`).join(' or ');
  throw valueError(`expected ${expected} input (got ${ndim}D input)`);
}

/** Returns Python's `repr` of a float or None. */
export const numberRepr = (value: number | null): string =>
  value === null ? 'None' : floatRepr(value);
