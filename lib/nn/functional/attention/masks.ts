/** Masks of attention. Source: torch/nn/functional.py. */
import { assertionError, runtimeError } from '../../../bindings/errors';
import { warn } from '../../../bindings/warnings';
import { bool, type DType } from '../../../tensor/dtype';
import type { Tensor } from '../../../tensor/tensor';
import { tupleRepr } from '../../../utils/python';
import { op } from '../../ops';
import { sizeText } from '../../typename';
import { type Attention, isShape, type Masks, type Sizes } from './parameters';

const pad = op<(self: Tensor, pad: readonly number[]) => Tensor>('pad');
const zerosLike = op<(self: Tensor, options: { dtype: DType }) => Tensor>('zeros_like');

/**
 * Returns a mask that can be added to the scores. Python's `_canonical_mask`.
 *
 * @param other - a mask that should have the same dtype
 * @throws TorchError (AssertionError) for a mask of integers
 */
export function canonicalMask(
  mask: Tensor | null,
  name: string,
  target: DType,
  other: Tensor | null = null,
  otherName = '',
): Tensor | null {
  if (mask === null) return null;
  const isFloat = mask.is_floating_point();
  if (mask.dtype !== bool && !isFloat) {
    throw assertionError(`only bool and floating types of ${name} are supported`);
  }
  if (other && mask.dtype !== other.dtype) {
    warn(
      `Support for mismatched ${name} and ${otherName} is deprecated. Use same type for both instead.`,
    );
  }
  if (isFloat) return mask;
  return zerosLike(mask, { dtype: target }).masked_fill_(mask, -Infinity);
}

/** Returns the masks to apply, and whether the attention is causal without a mask. */
export function masksOf(
  given: Attention,
  isBatched: boolean,
  dtype: DType,
): Masks & { isCausal: boolean } {
  const { attn_mask, is_causal, need_weights } = given;
  const padding =
    given.key_padding_mask && !isBatched
      ? given.key_padding_mask.unsqueeze(0)
      : given.key_padding_mask;
  const key_padding_mask = canonicalMask(
    padding,
    'key_padding_mask',
    dtype,
    attn_mask,
    'attn_mask',
  );
  if (is_causal && attn_mask === null) {
    throw runtimeError(
      'Need attn_mask if specifying the is_causal hint. You may use the Transformer module method ' +
        '`generate_square_subsequent_mask` to create this mask.',
    );
  }
  if (is_causal && key_padding_mask === null && !need_weights) {
    return { attn_mask: null, key_padding_mask, isCausal: true };
  }
  const isCausal = is_causal && key_padding_mask === null;
  return { attn_mask: canonicalMask(attn_mask, 'attn_mask', dtype), key_padding_mask, isCausal };
}

/** Returns a mask with another column, which masks nothing. */
export const padded = (mask: Tensor | null): Tensor | null => mask && pad(mask, [0, 1]);

/** Returns both masks as one of shape (N * heads, L, source), or null. */
export function merged(
  { attn_mask, key_padding_mask }: Masks,
  { batch, heads }: Sizes,
  source: number,
): Tensor | null {
  if (key_padding_mask === null) return attn_mask;
  for (const [dim, expected] of [batch, source].entries()) {
    const size = key_padding_mask.size(dim);
    if (size === expected) continue;
    throw assertionError(
      `Expected key_padded_mask.shape[${dim}] to be ${expected}, but got ${size}`,
    );
  }
  const expanded = key_padding_mask
    .view(batch, 1, 1, source)
    .expand(-1, heads, -1, -1)
    .reshape(batch * heads, 1, source);
  return attn_mask ? attn_mask.add(expanded) : expanded;
}

/** Returns a mask with three dimensions. */
export function withBatch(mask: Tensor, { length, batch, heads, source }: Sizes): Tensor {
  const expected = mask.ndim === 2 ? [length, source] : [batch * heads, length, source];
  if (!isShape(mask, expected)) {
    throw runtimeError(
      `The shape of the ${mask.ndim}D attn_mask is ${sizeText(mask.shape)}, but should be ${tupleRepr(expected)}.`,
    );
  }
  return mask.ndim === 2 ? mask.unsqueeze(0) : mask;
}
