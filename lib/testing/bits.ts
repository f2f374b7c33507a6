/** Bitwise equality of tensors: NaNs with different bits differ, and so do 0 and -0. */

import { typeError } from '../bindings/errors';
import { op } from '../nn/ops';
import { sizeText } from '../nn/typename';
import type { Layout } from '../tensor/layout';
import { strided } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { tupleRepr } from '../utils/python';
import { bitsOf, bitsText } from './difference/bits';
import { explanation } from './explanation';
import { itemOf, numberText } from './numbers';
import { tensorMismatch } from './texts';

const resolve = op<(self: Tensor) => Tensor>('resolve_conj');
const resolveNegative = op<(self: Tensor) => Tensor>('resolve_neg');

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
 * Describes how two tensors differ in dtype or shape. Returns undefined if they do not.
 *
 * @throws TypeError for tensors that are not strided
 */
export function attributeMismatch(actual: Tensor, expected: Tensor): string | undefined {
  for (const { layout } of [actual, expected]) requireStrided(layout);
  const attribute = (name: string, left: string, right: string): string | undefined =>
    left === right
      ? undefined
      : `The values for attribute '${name}' do not match: ${left} != ${right}.`;
  const text =
    attribute('dtype', String(actual.dtype), String(expected.dtype)) ??
    attribute('shape', sizeText(actual.shape), sizeText(expected.shape));
  return text && `${text}${explanation(actual, expected)}`;
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
  const place = `First difference at index ${tupleRepr(first)}: expected ${right} but got ${left}`;
  return `${report}\n${place}${explanation(actual, expected)}`;
}

function matchingBits(actual: Tensor, expected: Tensor): Tensor {
  const equal = bitsOf(actual).eq(bitsOf(expected));
  return actual.is_complex() ? equal.all(-1) : equal;
}

const atLeast1d = (...tensors: [Tensor, Tensor, Tensor]): [Tensor, Tensor, Tensor] =>
  tensors.map((tensor) => (tensor.ndim === 0 ? tensor.reshape([1]) : tensor)) as typeof tensors;

/** Formats a number with its bits: `-0.0 (0x80000000)`. */
function formatWithBits(tensor: Tensor, place: readonly number[]): string {
  const element = tensor.index(...place);
  return `${numberText(itemOf(element))} (${bitsText(element)})`;
}
