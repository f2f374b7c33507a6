/** Functions that take a number in place of their first tensor. The methods of the same names cannot. */
import { type Signature, torchFunction } from '../methods/signature';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';

/** A tensor and a tensor or a number, or a number and a tensor. */
type NumberOnEitherSide = [
  Signature<[input: Tensor, other: Tensor | Scalar], { input: Tensor; other: Tensor | Scalar }>,
  Signature<[self: Scalar, other: Tensor], { self: Scalar; other: Tensor }>,
];
type Power = [
  Signature<
    [input: Tensor, exponent: Tensor | Scalar],
    { input: Tensor; exponent: Tensor | Scalar }
  >,
  Signature<[self: Scalar, exponent: Tensor], { self: Scalar; exponent: Tensor }>,
];

export const pow = torchFunction<Power>('pow', ['Tensor_Tensor', 'Scalar', 'Tensor_Scalar']);
export const float_power = torchFunction<Power>('float_power', [
  'Tensor_Tensor',
  'Scalar',
  'Tensor_Scalar',
]);
export const remainder = torchFunction<NumberOnEitherSide>('remainder', [
  'Tensor',
  'Scalar_Tensor',
  'Scalar',
]);
export const xlogy = torchFunction<NumberOnEitherSide>('xlogy', [
  'Tensor',
  'Scalar_Self',
  'Scalar_Other',
]);
export const bitwise_and = torchFunction<NumberOnEitherSide>('bitwise_and', [
  'Tensor',
  'Scalar_Tensor',
  'Scalar',
]);
export const bitwise_or = torchFunction<NumberOnEitherSide>('bitwise_or', [
  'Tensor',
  'Scalar_Tensor',
  'Scalar',
]);
export const bitwise_xor = torchFunction<NumberOnEitherSide>('bitwise_xor', [
  'Tensor',
  'Scalar_Tensor',
  'Scalar',
]);
export const bitwise_left_shift = torchFunction<NumberOnEitherSide>('bitwise_left_shift', [
  'Tensor',
  'Scalar_Tensor',
  'Tensor_Scalar',
]);
export const bitwise_right_shift = torchFunction<NumberOnEitherSide>('bitwise_right_shift', [
  'Tensor',
  'Scalar_Tensor',
  'Tensor_Scalar',
]);

/** Returns `other - alpha * input`. Python's `1 - x` is `torch.rsub(x, 1)`. */
export const rsub = torchFunction<
  [
    Signature<
      [input: Tensor, other: Tensor | Scalar],
      { input: Tensor; other: Tensor | Scalar; alpha?: Scalar }
    >,
    Signature<
      [input: Tensor, other: Scalar, alpha?: Scalar],
      { input: Tensor; other: Scalar; alpha?: Scalar }
    >,
  ]
>('rsub', ['Tensor', 'Scalar']);

/**
 * Returns elements of one or the other input, chosen by a condition. With the condition alone, returns the indices
 * where it is true.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.where.html
 */
export const where = torchFunction<
  [
    Signature<[condition: Tensor], { condition: Tensor }, Tensor[]>,
    Signature<
      [condition: Tensor, input: Tensor | Scalar, other: Tensor | Scalar],
      { condition: Tensor; input: Tensor | Scalar; other: Tensor | Scalar }
    >,
  ]
>('where', ['', 'self', 'ScalarSelf', 'ScalarOther', 'Scalar']);

export const isin = torchFunction<
  Signature<
    [elements: Tensor | Scalar, test_elements: Tensor | Scalar],
    {
      elements: Tensor | Scalar;
      test_elements: Tensor | Scalar;
      assume_unique?: boolean;
      invert?: boolean;
    }
  >
>('isin', ['Tensor_Tensor', 'Scalar_Tensor', 'Tensor_Scalar']);
export const searchsorted = torchFunction<
  Signature<
    [sorted_sequence: Tensor, input: Tensor | Scalar],
    {
      sorted_sequence: Tensor;
      input: Tensor | Scalar;
      out_int32?: boolean;
      right?: boolean;
      side?: 'left' | 'right' | null;
      sorter?: Tensor | null;
    }
  >
>('searchsorted', ['Tensor', 'Scalar']);
export const bucketize = torchFunction<
  Signature<
    [input: Tensor | Scalar, boundaries: Tensor],
    { input: Tensor | Scalar; boundaries: Tensor; out_int32?: boolean; right?: boolean }
  >
>('bucketize', ['Tensor', 'Scalar']);
export const repeat_interleave = torchFunction<
  [
    Signature<
      [input: Tensor, repeats: Tensor | number, dim?: number | null],
      {
        input: Tensor;
        repeats: Tensor | number;
        dim?: number | null;
        output_size?: number | null;
      }
    >,
    Signature<[repeats: Tensor], { repeats: Tensor; output_size?: number | null }>,
  ]
>('repeat_interleave', ['self_Tensor', 'Tensor', 'self_int']);
