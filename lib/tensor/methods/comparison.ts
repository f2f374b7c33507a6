/** Comparisons and logical operations. */
import type { Tensor } from '../tensor';
import {
  type Other,
  type OtherOrNumber,
  type Signature,
  type TensorMethod,
  table,
} from './signature';

export interface Comparison {
  eq: TensorMethod<OtherOrNumber>;
  eq_: TensorMethod<OtherOrNumber>;
  ne: TensorMethod<OtherOrNumber>;
  ne_: TensorMethod<OtherOrNumber>;
  lt: TensorMethod<OtherOrNumber>;
  lt_: TensorMethod<OtherOrNumber>;
  le: TensorMethod<OtherOrNumber>;
  le_: TensorMethod<OtherOrNumber>;
  gt: TensorMethod<OtherOrNumber>;
  gt_: TensorMethod<OtherOrNumber>;
  ge: TensorMethod<OtherOrNumber>;
  ge_: TensorMethod<OtherOrNumber>;
  not_equal: TensorMethod<OtherOrNumber>;
  not_equal_: TensorMethod<OtherOrNumber>;
  less: TensorMethod<OtherOrNumber>;
  less_: TensorMethod<OtherOrNumber>;
  less_equal: TensorMethod<OtherOrNumber>;
  less_equal_: TensorMethod<OtherOrNumber>;
  greater: TensorMethod<OtherOrNumber>;
  greater_: TensorMethod<OtherOrNumber>;
  greater_equal: TensorMethod<OtherOrNumber>;
  greater_equal_: TensorMethod<OtherOrNumber>;
  isclose: TensorMethod<
    Signature<
      [other: Tensor, rtol?: number, atol?: number, equal_nan?: boolean],
      { other: Tensor; rtol?: number; atol?: number; equal_nan?: boolean }
    >
  >;
  allclose: TensorMethod<
    Signature<
      [other: Tensor, rtol?: number, atol?: number, equal_nan?: boolean],
      { other: Tensor; rtol?: number; atol?: number; equal_nan?: boolean },
      boolean
    >
  >;
  equal: TensorMethod<Signature<[other: Tensor], { other: Tensor }, boolean>>;
  isnan: TensorMethod<Signature>;
  isinf: TensorMethod<Signature>;
  isfinite: TensorMethod<Signature>;
  isposinf: TensorMethod<Signature>;
  isneginf: TensorMethod<Signature>;
  isreal: TensorMethod<Signature>;
  logical_and: TensorMethod<Other>;
  logical_and_: TensorMethod<Other>;
  logical_or: TensorMethod<Other>;
  logical_or_: TensorMethod<Other>;
  logical_xor: TensorMethod<Other>;
  logical_xor_: TensorMethod<Other>;
  logical_not: TensorMethod<Signature>;
  logical_not_: TensorMethod<Signature>;
  bitwise_and: TensorMethod<OtherOrNumber>;
  bitwise_and_: TensorMethod<OtherOrNumber>;
  bitwise_or: TensorMethod<OtherOrNumber>;
  bitwise_or_: TensorMethod<OtherOrNumber>;
  bitwise_xor: TensorMethod<OtherOrNumber>;
  bitwise_xor_: TensorMethod<OtherOrNumber>;
  bitwise_not: TensorMethod<Signature>;
  bitwise_not_: TensorMethod<Signature>;
  bitwise_left_shift: TensorMethod<OtherOrNumber>;
  bitwise_left_shift_: TensorMethod<OtherOrNumber>;
  bitwise_right_shift: TensorMethod<OtherOrNumber>;
  bitwise_right_shift_: TensorMethod<OtherOrNumber>;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const comparison = table<Comparison>({
  eq: ['Tensor', 'Scalar'],
  eq_: ['Tensor', 'Scalar'],
  ne: ['Tensor', 'Scalar'],
  ne_: ['Tensor', 'Scalar'],
  lt: ['Tensor', 'Scalar'],
  lt_: ['Tensor', 'Scalar'],
  le: ['Tensor', 'Scalar'],
  le_: ['Tensor', 'Scalar'],
  gt: ['Tensor', 'Scalar'],
  gt_: ['Tensor', 'Scalar'],
  ge: ['Tensor', 'Scalar'],
  ge_: ['Tensor', 'Scalar'],
  not_equal: ['Tensor', 'Scalar'],
  not_equal_: ['Tensor', 'Scalar'],
  less: ['Tensor', 'Scalar'],
  less_: ['Tensor', 'Scalar'],
  less_equal: ['Tensor', 'Scalar'],
  less_equal_: ['Tensor', 'Scalar'],
  greater: ['Tensor', 'Scalar'],
  greater_: ['Tensor', 'Scalar'],
  greater_equal: ['Tensor', 'Scalar'],
  greater_equal_: ['Tensor', 'Scalar'],
  isclose: [''],
  allclose: [''],
  equal: [''],
  isnan: [''],
  isinf: [''],
  isfinite: [''],
  isposinf: [''],
  isneginf: [''],
  isreal: [''],
  logical_and: [''],
  logical_and_: [''],
  logical_or: [''],
  logical_or_: [''],
  logical_xor: [''],
  logical_xor_: [''],
  logical_not: [''],
  logical_not_: [''],
  bitwise_and: ['Tensor', 'Scalar'],
  bitwise_and_: ['Tensor', 'Scalar'],
  bitwise_or: ['Tensor', 'Scalar'],
  bitwise_or_: ['Tensor', 'Scalar'],
  bitwise_xor: ['Tensor', 'Scalar'],
  bitwise_xor_: ['Tensor', 'Scalar'],
  bitwise_not: [''],
  bitwise_not_: [''],
  bitwise_left_shift: ['Tensor', 'Tensor_Scalar'],
  bitwise_left_shift_: ['Tensor', 'Tensor_Scalar'],
  bitwise_right_shift: ['Tensor', 'Tensor_Scalar'],
  bitwise_right_shift_: ['Tensor', 'Tensor_Scalar'],
});
