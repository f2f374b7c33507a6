/** Attention of one head, or of several at once. Source: torch/nn/functional.py. */
import type { Positional } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { op } from '../../ops';

export interface ScaledDotProductOptions {
  /**
   * Shape (*, L, S), broadcast. Boolean: where attention is allowed. Floating-point: what is added to the scores.
   * Default: null.
   */
  attn_mask?: Tensor | null | undefined;
  /** The probability of dropout, which is always applied. Default: 0. */
  dropout_p?: number | undefined;
  /** Whether each position attends only to itself and to earlier ones. Default: false. */
  is_causal?: boolean | undefined;
  /** The factor of the scores. Default: null, `1 / sqrt(E)`. */
  scale?: number | null | undefined;
  /** Whether there may be fewer heads in key and value than in query. Default: false. */
  enable_gqa?: boolean | undefined;
}

/**
 * Returns `softmax(query @ key.T * scale + mask) @ value`.
 *
 * Shapes: query (*, L, E), key (*, S, E), value (*, S, Ev); output (*, L, Ev).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 */
export const scaled_dot_product_attention = op<
  (
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ...options: Positional<[], ['attn_mask', 'dropout_p', 'is_causal'], ScaledDotProductOptions>
  ) => Tensor
>('scaled_dot_product_attention');
