/** Queries about tensors and dtypes. */

import { isTensor, tensorHandle } from '../../bindings/handle';
import { native } from '../../bindings/native';
import { describe, fail } from '../../dispatch/arguments';
import { Operator } from '../../dispatch/operators';
import { DType } from '../dtype';
import { dtypeFromCode } from '../dtype_table';
import { type Signature, torchFunction } from '../methods/signature';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';

/** Returns whether a value is a tensor. */
export function is_tensor(value: unknown): value is Tensor {
  return isTensor(value);
}

const callee = (name: string) => ({ name, parameters: [] });

/** Returns the number of elements. */
export function numel(input: Tensor): number {
  return native.numel(tensorHandle(input, callee('numel'), 'input'));
}

export function is_floating_point(input: Tensor): boolean {
  tensorHandle(input, callee('is_floating_point'), 'input');
  return input.dtype.is_floating_point;
}

export function is_complex(input: Tensor): boolean {
  tensorHandle(input, callee('is_complex'), 'input');
  return input.dtype.is_complex;
}

export const is_nonzero =
  torchFunction<Signature<[input: Tensor], { input: Tensor }, boolean>>('is_nonzero');
export const is_same_size =
  torchFunction<
    Signature<[input: Tensor, other: Tensor], { input: Tensor; other: Tensor }, boolean>
  >('is_same_size');

function code(dtype: unknown, name: string, argument: string): number {
  if (dtype instanceof DType) return dtype.code;
  throw fail(callee(name), `argument '${argument}' must be a torch.dtype, got ${describe(dtype)}`);
}

/**
 * Returns the smallest dtype that can hold both. See
 * https://docs.pytorch.org/docs/stable/generated/torch.promote_types.html
 */
export function promote_types(type1: DType, type2: DType): DType {
  const left = code(type1, 'promote_types', 'type1');
  return dtypeFromCode(native.promote_types(left, code(type2, 'promote_types', 'type2')));
}

/**
 * Returns whether type promotion may convert `from` to `to`. See
 * https://docs.pytorch.org/docs/stable/generated/torch.can_cast.html
 */
export function can_cast(from: DType, to: DType): boolean {
  code(from, 'can_cast', 'from');
  code(to, 'can_cast', 'to');
  const category = ({ is_complex, is_floating_point, name }: DType): number => {
    if (is_complex) return 3;
    if (is_floating_point) return 2;
    return name === 'bool' ? 0 : 1;
  };
  if (category(from) === 1 && category(to) === 1 && from.is_signed && !to.is_signed) return false;
  return category(from) <= category(to);
}

const resultType = new Operator('aten::result_type', {
  overloads: ['Tensor', 'Scalar', 'Scalar_Tensor', 'Scalar_Scalar'],
  name: 'result_type',
});

/**
 * Returns the dtype that arithmetic with both gives. See
 * https://docs.pytorch.org/docs/stable/generated/torch.result_type.html
 */
export function result_type(left: Tensor | Scalar, right: Tensor | Scalar): DType {
  return dtypeFromCode(resultType.call([left, right]) as number);
}
