/** Comparisons and logical operations. */
import type { Tensor } from '../tensor';
import {
  type Other,
  type OtherOrNumber,
  overloads,
  type Signature,
  type TensorMethod,
  table,
  type WithInPlace,
  withInPlace,
} from './signature';

/** Methods that also work in place. */
interface InPlace {
  eq: TensorMethod<OtherOrNumber>;
  ne: TensorMethod<OtherOrNumber>;
  lt: TensorMethod<OtherOrNumber>;
  le: TensorMethod<OtherOrNumber>;
  gt: TensorMethod<OtherOrNumber>;
  ge: TensorMethod<OtherOrNumber>;
  not_equal: TensorMethod<OtherOrNumber>;
  less: TensorMethod<OtherOrNumber>;
  less_equal: TensorMethod<OtherOrNumber>;
  greater: TensorMethod<OtherOrNumber>;
  greater_equal: TensorMethod<OtherOrNumber>;
  logical_and: TensorMethod<Other>;
  logical_or: TensorMethod<Other>;
  logical_xor: TensorMethod<Other>;
  logical_not: TensorMethod<Signature>;
  bitwise_and: TensorMethod<OtherOrNumber>;
  bitwise_or: TensorMethod<OtherOrNumber>;
  bitwise_xor: TensorMethod<OtherOrNumber>;
  bitwise_not: TensorMethod<Signature>;
  bitwise_left_shift: TensorMethod<OtherOrNumber>;
  bitwise_right_shift: TensorMethod<OtherOrNumber>;
}

export interface Comparison extends WithInPlace<InPlace> {
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
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const comparison = table<Comparison>({
  ...withInPlace({
    ...overloads(['Tensor', 'Scalar'], 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'not_equal', 'less'),
    ...overloads(['Tensor', 'Scalar'], 'less_equal', 'greater', 'greater_equal', 'bitwise_and'),
    ...overloads(['Tensor', 'Scalar'], 'bitwise_or', 'bitwise_xor'),
    ...overloads([''], 'logical_and', 'logical_or', 'logical_xor', 'logical_not'),
    bitwise_not: [''],
    bitwise_left_shift: ['Tensor', 'Tensor_Scalar'],
    bitwise_right_shift: ['Tensor', 'Tensor_Scalar'],
  }),
  ...overloads([''], 'isclose', 'allclose', 'equal', 'isnan', 'isinf', 'isfinite', 'isposinf'),
  ...overloads([''], 'isneginf', 'isreal'),
});
