/** Attention. Source: torch/nn/functional.py. */

import { assertionError, runtimeError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import {
  BOOL,
  FLOAT,
  INT,
  optional,
  orNull,
  type Positional,
  required,
  Signature,
  TENSOR,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Device } from '../../tensor/device';
import { bool, type DType } from '../../tensor/dtype';
import { asFloat } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { tupleRepr } from '../../utils/python';
import { op } from '../ops';
import { sizeText } from '../typename';
import { dropout } from './dropout';
import { linear } from './linear';
import { softmax } from './softmax';

const cat = op<(tensors: readonly Tensor[], dim?: number) => Tensor>('cat');
const pad = op<(self: Tensor, pad: readonly number[]) => Tensor>('pad');
const zeros =
  op<(size: readonly number[], options: { dtype: DType; device: Device }) => Tensor>('zeros');
const zerosLike = op<(self: Tensor, options: { dtype: DType }) => Tensor>('zeros_like');

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

// --- several heads --------------------------------------------------------------------------------------------------

const MAYBE = optional<Tensor | null>(orNull(TENSOR), null);
const GIVEN = required<Tensor | null>(orNull(TENSOR));
const PARAMETERS = {
  query: required(TENSOR),
  key: required(TENSOR),
  value: required(TENSOR),
  embed_dim_to_check: required(INT),
  num_heads: required(INT),
  in_proj_weight: GIVEN,
  in_proj_bias: GIVEN,
  bias_k: GIVEN,
  bias_v: GIVEN,
  add_zero_attn: required(BOOL),
  dropout_p: required(FLOAT),
  out_proj_weight: required(TENSOR),
  out_proj_bias: GIVEN,
  training: optional(BOOL, true),
  key_padding_mask: MAYBE,
  need_weights: optional(BOOL, true),
  attn_mask: MAYBE,
  use_separate_proj_weight: optional(BOOL, false),
  q_proj_weight: MAYBE,
  k_proj_weight: MAYBE,
  v_proj_weight: MAYBE,
  static_k: MAYBE,
  static_v: MAYBE,
  average_attn_weights: optional(BOOL, true),
  is_causal: optional(BOOL, false),
};
const MULTI_HEAD = new Signature('multi_head_attention_forward', PARAMETERS);

export type Attention = ValuesOf<typeof PARAMETERS>;

type Options = {
  readonly [Name in Exclude<keyof Attention, Required>]?: Attention[Name] | undefined;
};
type Required =
  | 'query'
  | 'key'
  | 'value'
  | 'embed_dim_to_check'
  | 'num_heads'
  | 'in_proj_weight'
  | 'in_proj_bias'
  | 'bias_k'
  | 'bias_v'
  | 'add_zero_attn'
  | 'dropout_p'
  | 'out_proj_weight'
  | 'out_proj_bias';

export type Attended = [output: Tensor, weights: Tensor | null];

/**
 * Computes what {@link MultiheadAttention} computes, with the weights as arguments.
 *
 * Shapes: query (L, N, E), key (S, N, Ek), value (S, N, Ev), or without N; output (L, N, E); weights (N, L, S).
 *
 * See `torch.nn.functional.multi_head_attention_forward`.
 *
 * @returns the output, and the weights if `need_weights` is true, else null
 * @throws TorchError (AssertionError, RuntimeError) for shapes that do not fit
 */
export function multi_head_attention_forward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embed_dim_to_check: number,
  num_heads: number,
  in_proj_weight: Tensor | null,
  in_proj_bias: Tensor | null,
  bias_k: Tensor | null,
  bias_v: Tensor | null,
  add_zero_attn: boolean,
  dropout_p: number,
  out_proj_weight: Tensor,
  out_proj_bias: Tensor | null,
  options?: Options,
): Attended;
export function multi_head_attention_forward(...args: unknown[]): Attended {
  return attend(MULTI_HEAD.read(args));
}

/** Implements {@link multi_head_attention_forward}. */
export function attend(given: Attention): Attended {
  const isBatched = checkShapes(given);
  const batched = (tensor: Tensor): Tensor => (isBatched ? tensor : tensor.unsqueeze(1));
  const [query, key, value] = [given.query, given.key, given.value].map(batched) as Triple;
  const [length, batch, width] = query.shape as [number, number, number];
  const { num_heads, need_weights } = given;
  const merging = masksOf(given, isBatched, query.dtype);
  const head = Math.floor(width / num_heads);
  if (width !== given.embed_dim_to_check) {
    throw assertionError(
      `was expecting embedding dimension of ${given.embed_dim_to_check}, but got ${width}`,
    );
  }
  if (head * num_heads !== width) {
    throw assertionError(`embed_dim ${width} not divisible by num_heads ${num_heads}`);
  }
  const projected = projectionsOf(given, query, key, value);
  const sizes: Sizes = { length, batch, heads: num_heads, head, source: key.size(0) };
  const extended = extend(given, projected, merging, sizes);
  const mask = merged(extended, sizes);
  const results = (need_weights ? weighted : fused)(given, extended, mask, merging.isCausal, sizes);
  if (isBatched) return results;
  const [output, weights] = results;
  return [output.squeeze(1), weights?.squeeze(0) ?? null];
}

type Triple = [query: Tensor, key: Tensor, value: Tensor];

interface Sizes {
  /** The number of queries. */
  readonly length: number;
  readonly batch: number;
  readonly heads: number;
  /** The number of features of a head. */
  readonly head: number;
  /** The number of keys. */
  readonly source: number;
}

interface Masks {
  readonly attn_mask: Tensor | null;
  readonly key_padding_mask: Tensor | null;
}

// --- masks ----------------------------------------------------------------------------------------------------------

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
function masksOf(
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

const padded = (mask: Tensor | null): Tensor | null => mask && pad(mask, [0, 1]);

/** Returns both masks as one of shape (N * heads, L, S), or null. */
function merged(
  { attn_mask, key_padding_mask, k }: Extended,
  { batch, heads }: Sizes,
): Tensor | null {
  if (key_padding_mask === null) return attn_mask;
  const source = k.size(1);
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

// --- shapes ---------------------------------------------------------------------------------------------------------

/** Checks the numbers of dimensions. Returns whether there is a batch. */
function checkShapes(given: Attention): boolean {
  const { query, key, value, key_padding_mask, attn_mask, num_heads } = given;
  const { ndim } = query;
  if (ndim !== 2 && ndim !== 3) {
    throw assertionError(
      `query should be unbatched 2D or batched 3D tensor but received ${ndim}-D query tensor`,
    );
  }
  const start = `For ${ndim === 3 ? 'batched (3-D)' : 'unbatched (2-D)'} \`query\`, expected`;
  if (key.ndim !== ndim || value.ndim !== ndim) {
    throw assertionError(
      `${start} \`key\` and \`value\` to be ${ndim}-D but found ${key.ndim}-D and ${value.ndim}-D tensors respectively`,
    );
  }
  if (key_padding_mask && key_padding_mask.ndim !== ndim - 1) {
    throw assertionError(
      `${start} \`key_padding_mask\` to be \`None\` or ${ndim - 1}-D but found ${key_padding_mask.ndim}-D tensor instead`,
    );
  }
  if (!attn_mask) return ndim === 3;
  if (attn_mask.ndim !== 2 && attn_mask.ndim !== 3) {
    throw assertionError(
      `${start} \`attn_mask\` to be \`None\`, 2-D or 3-D but found ${attn_mask.ndim}-D tensor instead`,
    );
  }
  const expected = [num_heads, query.size(0), key.size(0)];
  if (ndim === 2 && attn_mask.ndim === 3 && !isShape(attn_mask, expected)) {
    throw assertionError(
      `Expected \`attn_mask\` shape to be ${tupleRepr(expected)} but got ${sizeText(attn_mask.shape)}`,
    );
  }
  return ndim === 3;
}

const isShape = ({ shape }: Tensor, expected: readonly number[]): boolean =>
  shape.length === expected.length && shape.every((size, dim) => size === expected[dim]);

/** Returns a mask with three dimensions. */
function withBatch(mask: Tensor, { length, batch, heads, source }: Sizes): Tensor {
  const expected = mask.ndim === 2 ? [length, source] : [batch * heads, length, source];
  if (!isShape(mask, expected)) {
    throw runtimeError(
      `The shape of the ${mask.ndim}D attn_mask is ${sizeText(mask.shape)}, but should be ${tupleRepr(expected)}.`,
    );
  }
  return mask.ndim === 2 ? mask.unsqueeze(0) : mask;
}

// --- projections ----------------------------------------------------------------------------------------------------

function projectionsOf(given: Attention, query: Tensor, key: Tensor, value: Tensor): Triple {
  if (!given.use_separate_proj_weight) {
    if (!isShape(key, value.shape)) {
      throw assertionError(
        `key shape ${sizeText(key.shape)} does not match value shape ${sizeText(value.shape)}`,
      );
    }
    const { in_proj_weight, in_proj_bias } = given;
    if (in_proj_weight === null) {
      throw assertionError('use_separate_proj_weight is False but in_proj_weight is None');
    }
    return packedProjection(query, key, value, in_proj_weight, in_proj_bias);
  }
  const [keys, values] = [key.shape.slice(0, 2), value.shape.slice(0, 2)];
  if (String(keys) !== String(values)) {
    throw assertionError(
      `key's sequence and batch dims ${sizeText(keys)} do not match value's ${sizeText(values)}`,
    );
  }
  const biases = given.in_proj_bias?.chunk(3) ?? [null, null, null];
  const width = query.size(-1);
  const names = ['query', 'key', 'value'] as const;
  const weights = names.map((name) => {
    const weight = given[`${name[0] as 'q' | 'k' | 'v'}_proj_weight`];
    if (weight !== null) return weight;
    throw assertionError(`use_separate_proj_weight is True but ${name[0]}_proj_weight is None`);
  });
  const inputs = [query, key, value];
  for (const [index, name] of names.entries()) {
    checkProjection(name, 'weights', weights[index]!, [width, inputs[index]!.size(-1)]);
  }
  for (const [index, name] of names.entries()) {
    const bias = biases[index];
    if (bias) checkProjection(name, 'bias', bias, [width]);
  }
  return inputs.map((input, index) => linear(input, weights[index]!, biases[index]!)) as Triple;
}

function checkProjection(name: string, noun: string, tensor: Tensor, expected: number[]): void {
  if (isShape(tensor, expected)) return;
  throw assertionError(
    `expecting ${name} ${noun} shape of ${tupleRepr(expected)}, but got ${sizeText(tensor.shape)}`,
  );
}

/** Projects with one packed weight. As in Python, equal inputs are projected at once. */
function packedProjection(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weight: Tensor,
  bias: Tensor | null,
): Triple {
  const width = query.size(-1);
  if (key !== value) {
    const weights = weight.chunk(3);
    const biases = bias?.chunk(3) ?? [null, null, null];
    const inputs = [query, key, value];
    return inputs.map((input, index) => linear(input, weights[index]!, biases[index]!)) as Triple;
  }
  if (query === key) return unpacked(linear(query, weight, bias), 3, width) as Triple;
  const sizes = [width, width * 2];
  const [ofQuery, ofRest] = weight.split(sizes) as [Tensor, Tensor];
  const [queryBias, restBias] = (bias?.split(sizes) ?? [null, null]) as [Tensor, Tensor];
  const projected = linear(query, ofQuery, queryBias);
  return [projected, ...unpacked(linear(key, ofRest, restBias), 2, width)] as Triple;
}

/** Splits the last dimension into parts of the same width. */
function unpacked(packed: Tensor, count: number, width: number): Tensor[] {
  const parts = packed
    .unflatten(-1, [count, width])
    .unsqueeze(0)
    .transpose(0, -2)
    .squeeze(-2)
    .contiguous();
  return Array.from({ length: count }, (_, index) => parts.select(0, index));
}

interface Extended extends Masks {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Splits into heads, and adds `bias_k`, `bias_v` and zeros at the end of keys and values. */
function extend(
  given: Attention,
  [query, key, value]: Triple,
  masks: Masks,
  sizes: Sizes,
): Extended {
  const { bias_k, bias_v, static_k, static_v, add_zero_attn } = given;
  const { length, batch, heads, head } = sizes;
  let attn_mask = masks.attn_mask && withBatch(masks.attn_mask, sizes);
  let { key_padding_mask } = masks;
  let [k, v] = [key, value];
  if (bias_k && bias_v) {
    if (static_k) throw assertionError('bias cannot be added to static key.');
    if (static_v) throw assertionError('bias cannot be added to static value.');
    k = cat([k, bias_k.repeat(1, batch, 1)]);
    v = cat([v, bias_v.repeat(1, batch, 1)]);
    attn_mask = padded(attn_mask);
    key_padding_mask = padded(key_padding_mask);
  } else if (bias_k) {
    throw assertionError('bias_k is set but bias_v is None');
  } else if (bias_v) {
    throw assertionError('bias_v is set but bias_k is None');
  }
  const rows = batch * heads;
  const split = (x: Tensor, steps: number): Tensor => x.view(steps, rows, head).transpose(0, 1);
  const q = split(query, length);
  k = static_k ? checkedStatic('static_k', static_k, rows, head) : split(k, k.size(0));
  v = static_v ? checkedStatic('static_v', static_v, rows, head) : split(v, v.size(0));
  if (add_zero_attn) {
    const withZeros = (x: Tensor): Tensor =>
      cat([x, zeros([rows, 1, head], { dtype: x.dtype, device: x.device })], 1);
    [k, v] = [withZeros(k), withZeros(v)];
    attn_mask = padded(attn_mask);
    key_padding_mask = padded(key_padding_mask);
  }
  return { q, k, v, attn_mask, key_padding_mask };
}

function checkedStatic(name: string, tensor: Tensor, rows: number, head: number): Tensor {
  for (const [dim, expected] of [[0, rows] as const, [2, head] as const]) {
    if (tensor.size(dim) === expected) continue;
    throw assertionError(
      `expecting ${name}.size(${dim}) of ${expected}, but got ${tensor.size(dim)}`,
    );
  }
  return tensor;
}

// --- results --------------------------------------------------------------------------------------------------------

type Compute = (
  given: Attention,
  extended: Extended,
  mask: Tensor | null,
  isCausal: boolean,
  sizes: Sizes,
) => Attended;

const dropoutOf = ({ training, dropout_p }: Attention): number => (training ? dropout_p : 0);

/** Computes the output and the weights. */
const weighted: Compute = (given, { q, k, v }, mask, isCausal, sizes) => {
  const { length, batch, heads } = sizes;
  const scaled = q.mul(asFloat(Math.sqrt(1 / q.size(2))));
  if (isCausal && mask === null) {
    throw assertionError('FIXME: is_causal not implemented for need_weights');
  }
  const keys = k.transpose(-2, -1);
  const scores = mask ? mask.baddbmm(scaled, keys) : scaled.bmm(keys);
  let weights = softmax(scores, -1);
  const p = dropoutOf(given);
  if (p > 0) weights = dropout(weights, p);
  const joined = weights
    .bmm(v)
    .transpose(0, 1)
    .reshape(length * batch, given.embed_dim_to_check);
  const output = projectOutput(given, joined, sizes);
  const ofHeads = weights.view(batch, heads, length, k.size(1));
  return [output, given.average_attn_weights ? ofHeads.mean(1) : ofHeads];
};

/** Computes the output alone, with one operator. */
const fused: Compute = (given, { q, k, v }, mask, isCausal, sizes) => {
  const { length, batch, heads, head } = sizes;
  const source = k.size(1);
  const ofHeads = (x: Tensor, steps: number): Tensor => x.view(batch, heads, steps, head);
  const isShared = mask?.size(0) === 1 && mask.ndim === 3;
  const attended = scaled_dot_product_attention(
    ofHeads(q, length),
    ofHeads(k, source),
    ofHeads(v, source),
    mask && (isShared ? mask.unsqueeze(0) : mask.view(batch, heads, -1, source)),
    dropoutOf(given),
    isCausal,
  );
  const joined = attended.permute(2, 0, 1, 3).reshape(batch * length, given.embed_dim_to_check);
  return [projectOutput(given, joined, sizes), null];
};

function projectOutput(given: Attention, joined: Tensor, { length, batch }: Sizes): Tensor {
  const output = linear(joined, given.out_proj_weight, given.out_proj_bias);
  return output.view(length, batch, output.size(1));
}
