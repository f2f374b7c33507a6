/** Attention with several heads. Source: torch/nn/modules/activation.py. */

import { get_fastpath_enabled } from '../../backends/mha';
import { assertionError, valueError } from '../../bindings/errors';
import { native } from '../../bindings/native';
import { Operator } from '../../dispatch/operators';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  nullable,
  optional,
  orNull,
  type Positional,
  required,
  Signature,
  TENSOR,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { canonicalMask } from '../functional/attention/masks';
import { type Attended, attend } from '../functional/attention/multi_head';
import type { Attention } from '../functional/attention/parameters';
import * as init from '../init';
import { empty, op } from '../ops';
import { Parameter } from '../parameter';
import { Linear } from './linear';
import { Module } from './module';

const isNestedOperator = new Operator('prim::is_nested');

/** Returns whether a tensor is nested: a batch of tensors of different sizes. */
export const isNested = (tensor: Tensor): boolean => isNestedOperator.call([tensor]) as boolean;

/** Returns whether the fast path may use a tensor: it is on a CPU or a CUDA device, and needs no gradient. */
export const isFast = (tensor: Tensor | null): boolean =>
  tensor === null ||
  ((tensor.device.type === 'cpu' || tensor.is_cuda) &&
    !(native.is_grad_enabled() && tensor.requires_grad));

/** The linear layer of the outputs. It has its own class in torch, so that quantization leaves it alone. */
class NonDynamicallyQuantizableLinear extends Linear {}

const fastAttention = op<
  (
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim: number,
    num_head: number,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    proj_weight: Tensor,
    proj_bias: Tensor | null,
    mask: Tensor | null,
    need_weights: boolean,
    average_attn_weights: boolean,
    mask_type: number | null,
  ) => Attended
>('_native_multi_head_attention');

export interface MultiheadAttentionOptions extends FactoryOptions {
  /** The probability of dropout of the weights, in training. Default: 0. */
  dropout?: number | undefined;
  /** Whether the projections have biases. Default: true. */
  bias?: boolean | undefined;
  /** Whether a learned step is added to keys and values. Default: false. */
  add_bias_kv?: boolean | undefined;
  /** Whether a step of zeros is added to keys and values. Default: false. */
  add_zero_attn?: boolean | undefined;
  /** The number of features of the keys. Default: null, `embed_dim`. */
  kdim?: number | null | undefined;
  /** The number of features of the values. Default: null, `embed_dim`. */
  vdim?: number | null | undefined;
  /** Whether the batch is the first dimension, and the step the second. Default: false. */
  batch_first?: boolean | undefined;
}

export interface AttentionOptions {
  /** Shape (N, S). Boolean: which keys are ignored. Floating-point: what is added to the scores. Default: null. */
  key_padding_mask?: Tensor | null | undefined;
  /** Whether the weights are returned. Default: true. */
  need_weights?: boolean | undefined;
  /**
   * Shape (L, S) or (N * num_heads, L, S). Boolean: where attention is not allowed. Floating-point: what is added to the
   * scores. Default: null.
   */
  attn_mask?: Tensor | null | undefined;
  /** Whether the weights are the mean over the heads. Default: true. */
  average_attn_weights?: boolean | undefined;
  /** Whether `attn_mask` is a causal mask: a hint. Default: false. */
  is_causal?: boolean | undefined;
}

type ForwardOptions = Positional<
  [],
  ['key_padding_mask', 'need_weights', 'attn_mask', 'average_attn_weights', 'is_causal'],
  AttentionOptions
>;

const MULTIHEAD_ATTENTION = new Signature('MultiheadAttention', {
  embed_dim: required(INT),
  num_heads: required(INT),
  dropout: optional(FLOAT, 0),
  bias: optional(BOOL, true),
  add_bias_kv: optional(BOOL, false),
  add_zero_attn: optional(BOOL, false),
  kdim: nullable(INT),
  vdim: nullable(INT),
  batch_first: optional(BOOL, false),
  ...FACTORY,
});

const MASK = nullable(TENSOR);
const FORWARD = new Signature('MultiheadAttention.forward', {
  query: required(TENSOR),
  key: required(TENSOR),
  value: required(TENSOR),
  key_padding_mask: MASK,
  need_weights: optional(BOOL, true),
  attn_mask: MASK,
  average_attn_weights: optional(BOOL, true),
  is_causal: optional(BOOL, false),
});

/**
 * Attends from queries to values, by the similarity of queries and keys, in several heads.
 *
 * Shapes: query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), or (N, L, …) with `batch_first`, or without N;
 * output as query; weights (N, L, S), or (N, num_heads, L, S) without `average_attn_weights`.
 *
 * In evaluation and without gradients, one fused operator computes self-attention, as in Python.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 */
export class MultiheadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, ...ForwardOptions],
  Attended
> {
  static readonly signature = MULTIHEAD_ATTENTION.description;
  embed_dim: number;
  kdim: number;
  vdim: number;
  num_heads: number;
  dropout: number;
  batch_first: boolean;
  head_dim: number;
  add_zero_attn: boolean;
  /** @internal */
  _qkv_same_embed_dim: boolean;
  /** Shape (3 * embed_dim, embed_dim). Null if keys or values have another width. */
  declare in_proj_weight: Parameter | null;
  /** Shape (3 * embed_dim). */
  declare in_proj_bias: Parameter | null;
  declare q_proj_weight: Parameter | null;
  declare k_proj_weight: Parameter | null;
  declare v_proj_weight: Parameter | null;
  declare out_proj: Linear;
  /** Shape (1, 1, embed_dim). */
  declare bias_k: Parameter | null;
  /** Shape (1, 1, embed_dim). */
  declare bias_v: Parameter | null;

  /** @throws RangeError (ValueError), TorchError (AssertionError) unless `num_heads` divides `embed_dim` */
  constructor(
    ...args: Positional<
      [embed_dim: number, num_heads: number],
      [
        'dropout',
        'bias',
        'add_bias_kv',
        'add_zero_attn',
        'kdim',
        'vdim',
        'batch_first',
        'device',
        'dtype',
      ],
      MultiheadAttentionOptions
    >
  ) {
    const { embed_dim, num_heads, bias, device, dtype, ...options } =
      MULTIHEAD_ATTENTION.read(args);
    if (embed_dim <= 0 || num_heads <= 0) {
      throw valueError(
        'embed_dim and num_heads must be greater than 0, got ' +
          `embed_dim=${embed_dim} and num_heads=${num_heads} instead`,
      );
    }
    super();
    this.embed_dim = embed_dim;
    this.kdim = options.kdim ?? embed_dim;
    this.vdim = options.vdim ?? embed_dim;
    this._qkv_same_embed_dim = this.kdim === embed_dim && this.vdim === embed_dim;
    this.num_heads = num_heads;
    this.dropout = options.dropout;
    this.batch_first = options.batch_first;
    this.head_dim = Math.floor(embed_dim / num_heads);
    if (this.head_dim * num_heads !== embed_dim) {
      throw assertionError('embed_dim must be divisible by num_heads');
    }
    const register = (name: string, shape: readonly number[] | null): void =>
      this.register_parameter(name, shape && new Parameter(empty(shape, { device, dtype })));
    const isPacked = this._qkv_same_embed_dim;
    if (isPacked) register('in_proj_weight', [3 * embed_dim, embed_dim]);
    const widths = { q: embed_dim, k: this.kdim, v: this.vdim };
    for (const [name, width] of Object.entries(widths)) {
      register(`${name}_proj_weight`, isPacked ? null : [embed_dim, width]);
    }
    if (!isPacked) register('in_proj_weight', null);
    register('in_proj_bias', bias ? [3 * embed_dim] : null);
    this.out_proj = new NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype);
    for (const name of ['bias_k', 'bias_v']) {
      register(name, options.add_bias_kv ? [1, 1, embed_dim] : null);
    }
    this.add_zero_attn = options.add_zero_attn;
    this._reset_parameters();
  }

  /** @internal */
  _reset_parameters(): void {
    const { in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight } = this;
    for (const weight of [in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight]) {
      if (weight) init.xavier_uniform_(weight);
    }
    for (const bias of this.in_proj_bias ? [this.in_proj_bias, this.out_proj.bias!] : []) {
      init.constant_(bias, 0);
    }
    for (const bias of [this.bias_k, this.bias_v]) {
      if (bias) init.xavier_normal_(bias);
    }
  }

  /** @throws TorchError (AssertionError, RuntimeError) for shapes that do not fit */
  override forward(query: Tensor, key: Tensor, value: Tensor, ...options: ForwardOptions): Attended;
  override forward(...args: unknown[]): Attended {
    const { query, key, value, ...options } = FORWARD.read(args);
    const masks = [options.attn_mask, options.key_padding_mask];
    const hasFloatMask = masks.some((mask) => mask?.is_floating_point());
    const key_padding_mask = canonicalMask(
      options.key_padding_mask,
      'key_padding_mask',
      query.dtype,
      options.attn_mask,
      'attn_mask',
    );
    const attn_mask = canonicalMask(options.attn_mask, 'attn_mask', query.dtype);
    const isSelfAttention = query === key && key === value;
    if (
      isSelfAttention &&
      !hasFloatMask &&
      isOnFastPath(this, query, attn_mask, key_padding_mask)
    ) {
      const [mask, type] = this.merge_masks(attn_mask, key_padding_mask, query);
      return fastAttention(
        query,
        key,
        value,
        this.embed_dim,
        this.num_heads,
        this.in_proj_weight!,
        this.in_proj_bias!,
        this.out_proj.weight,
        this.out_proj.bias,
        mask,
        options.need_weights,
        options.average_attn_weights,
        type,
      );
    }
    if ([query, key, value].some(isNested)) {
      throw assertionError(
        'MultiheadAttention does not support NestedTensor outside of its fast path.',
      );
    }
    return attendByStep(this, query, key, value, { ...options, key_padding_mask, attn_mask });
  }

  /**
   * Returns the mask for the fast path, and its type: 1 for a padding mask alone, 2 with an attention mask.
   *
   * @param query - shape (N, L, embed_dim)
   */
  merge_masks(
    attn_mask: Tensor | null,
    key_padding_mask: Tensor | null,
    query: Tensor,
  ): [mask: Tensor | null, type: number | null];
  merge_masks(...args: unknown[]): [mask: Tensor | null, type: number | null] {
    const { attn_mask, key_padding_mask, query } = MERGE_MASKS.read(args);
    if (!attn_mask) return [key_padding_mask, key_padding_mask && 1];
    const [batch, length] = query.shape as [number, number, number];
    const expanded =
      attn_mask.ndim === 3
        ? attn_mask.view(batch, -1, length, length)
        : attn_mask.view(1, 1, length, length).expand(batch, this.num_heads, -1, -1);
    if (!key_padding_mask) return [expanded, 2];
    const padding = key_padding_mask.view(batch, 1, 1, length);
    return [expanded.add(padding.expand(-1, this.num_heads, -1, -1)), 2];
  }
}

const MERGE_MASKS = new Signature('MultiheadAttention.merge_masks', {
  attn_mask: required<Tensor | null>(orNull(TENSOR)),
  key_padding_mask: required<Tensor | null>(orNull(TENSOR)),
  query: required(TENSOR),
});

/** Returns whether Python would call the fused operator for self-attention. */
function isOnFastPath(
  attention: MultiheadAttention,
  query: Tensor,
  attn_mask: Tensor | null,
  key_padding_mask: Tensor | null,
): boolean {
  const { in_proj_weight, in_proj_bias, out_proj } = attention;
  return (
    get_fastpath_enabled() &&
    query.ndim === 3 &&
    in_proj_bias !== null &&
    in_proj_bias.dtype === query.dtype &&
    in_proj_weight !== null &&
    in_proj_weight.dtype === query.dtype &&
    !attention.training &&
    attention.num_heads % 2 === 0 &&
    attention.batch_first &&
    attention.bias_k === null &&
    attention.bias_v === null &&
    !attention.add_zero_attn &&
    attention._qkv_same_embed_dim &&
    !((key_padding_mask || attn_mask) && isNested(query)) &&
    !native.is_autocast_enabled('cuda') &&
    [query, in_proj_weight, in_proj_bias, out_proj.weight, out_proj.bias].every(isFast)
  );
}

type Given = Pick<
  Attention,
  'key_padding_mask' | 'need_weights' | 'attn_mask' | 'average_attn_weights' | 'is_causal'
>;

/** Computes attention as `multi_head_attention_forward` does. */
function attendByStep(
  attention: MultiheadAttention,
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: Given,
): Attended {
  const isTransposed = attention.batch_first && query.ndim === 3;
  // What is the same tensor stays the same, since it decides how the inputs are projected.
  const transposed = new Map([query, key, value].map((tensor) => [tensor, tensor]));
  if (isTransposed) {
    for (const tensor of transposed.keys()) transposed.set(tensor, tensor.transpose(1, 0));
  }
  const { in_proj_weight, in_proj_bias, bias_k, bias_v, out_proj } = attention;
  const { q_proj_weight, k_proj_weight, v_proj_weight } = attention;
  const [output, weights] = attend({
    query: transposed.get(query)!,
    key: transposed.get(key)!,
    value: transposed.get(value)!,
    embed_dim_to_check: attention.embed_dim,
    num_heads: attention.num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn: attention.add_zero_attn,
    dropout_p: attention.dropout,
    out_proj_weight: out_proj.weight,
    out_proj_bias: out_proj.bias,
    training: attention.training,
    use_separate_proj_weight: !attention._qkv_same_embed_dim,
    q_proj_weight,
    k_proj_weight,
    v_proj_weight,
    static_k: null,
    static_v: null,
    ...options,
  });
  return [isTransposed ? output.transpose(1, 0) : output, weights];
}
