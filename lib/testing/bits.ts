/** Bitwise equality of tensors: NaNs with different bits differ, and so do 0 and -0. */

import { typeError } from '../bindings/errors';
import { op } from '../nn/ops';
import { sizeText } from '../nn/typename';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Layout } from '../tensor/layout';
import { strided } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { tupleRepr } from '../utils/python';
import { itemOf, numberText } from './numbers';
import { tensorMismatch } from './texts';

const resolve = op<(self: Tensor) => Tensor>('resolve_conj');
const resolveNegative = op<(self: Tensor) => Tensor>('resolve_neg');
const viewAsReal = op<(self: Tensor) => Tensor>('view_as_real');
const viewAs = op<(self: Tensor, dtype: DType) => Tensor>('view', ['dtype']);

const INTEGERS: Readonly<Record<number, DType>> = {
  1: dtypes.int8,
  2: dtypes.int16,
  4: dtypes.int32,
  8: dtypes.int64,
};

/**
 * Describes how two tensors differ in dtype, shape or any bit. Returns undefined if they do not. Their devices may
 * differ.
 *
 * @throws TypeError if a tensor is not strided
 */
export function bitMismatch(actual: Tensor, expected: Tensor): string | undefined {
  return attributeMismatch(actual, expected) ?? differentBits(onCpu(actual), onCpu(expected));
}

/**
 * How two tensors differ in dtype or shape; undefined where they do not.
 *
 * @throws TypeError for tensors that are not strided
 */
export function attributeMismatch(actual: Tensor, expected: Tensor): string | undefined {
  for (const { layout } of [actual, expected]) requireStrided(layout);
  const attribute = (name: string, left: string, right: string): string | undefined =>
    left === right
      ? undefined
      : `The values for attribute '${name}' do not match: ${left} != ${right}.`;
  return (
    attribute('dtype', String(actual.dtype), String(expected.dtype)) ??
    attribute('shape', sizeText(actual.shape), sizeText(expected.shape))
  );
}

function requireStrided(layout: Layout): void {
  if (layout === strided) return;
  throw typeError(`only strided tensors have bits to compare, got one of layout ${layout}`);
}

/** Returns the tensor contiguous, on the CPU, outside the graph, without pending negation or conjugation. */
export const onCpu = (tensor: Tensor): Tensor =>
  resolveNegative(resolve(tensor.detach().cpu())).contiguous();

function differentBits(actual: Tensor, expected: Tensor): string | undefined {
  const matches = matchingBits(actual, expected);
  if (matches.all().item()) return undefined;
  const exact = { rtol: 0, atol: 0 };
  const identifier = 'Tensors';
  const report = tensorMismatch(...atLeast1d(actual, expected, matches), exact, identifier);
  const first = matches.logical_not().nonzero().index(0).tolist() as number[];
  const [left, right] = [actual, expected].map((tensor) => formatWithBits(tensor, first));
  return `${report}\nFirst difference at index ${tupleRepr(first)}: expected ${right} but got ${left}`;
}

function matchingBits(actual: Tensor, expected: Tensor): Tensor {
  const equal = bitsOf(actual).eq(bitsOf(expected));
  return actual.is_complex() ? equal.all(-1) : equal;
}

/** Returns the bits of the elements as integers. A complex number gives two. */
export function bitsOf(tensor: Tensor): Tensor {
  const real = tensor.is_complex() ? viewAsReal(tensor) : tensor;
  return viewAs(real, INTEGERS[real.itemsize]!);
}

const atLeast1d = (...tensors: [Tensor, Tensor, Tensor]): [Tensor, Tensor, Tensor] =>
  tensors.map((tensor) => (tensor.ndim === 0 ? tensor.reshape([1]) : tensor)) as typeof tensors;

/** Formats a number with its bits: `-0.0 (0x80000000)`. */
function formatWithBits(tensor: Tensor, place: readonly number[]): string {
  const element = tensor.index(...place);
  const bits = bitsOf(element).contiguous();
  const digits = Array.from(bits.toTypedArray() as ArrayLike<number | bigint>, (part) =>
    BigInt.asUintN(8 * bits.itemsize, BigInt(part))
      .toString(16)
      .padStart(2 * bits.itemsize, '0'),
  );
  return `${numberText(itemOf(element))} (0x${digits.join(', 0x')})`;
}
