/** Attention with several heads. Source: torch/nn/functional.py. */
import { assertionError } from '../../../bindings/errors';
import { asFloat } from '../../../tensor/scalar';
import type { Tensor } from '../../../tensor/tensor';
import { op, zeros } from '../../ops';
import { dropout } from '../dropout';
import { linear } from '../linear';
import { softmax } from '../softmax';
import { masksOf, merged, padded, withBatch } from './masks';
import {
  type Attention,
  checkShapes,
  type Masks,
  MULTI_HEAD,
  type Options,
  type Sizes,
  type Triple,
} from './parameters';
import { projectionsOf } from './projections';
import { scaled_dot_product_attention } from './scaled_dot_product';

const cat = op<(tensors: readonly Tensor[], dim?: number) => Tensor>('cat');

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
  const mask = merged(extended, sizes, extended.k.size(1));
  const results = (need_weights ? weighted : fused)(given, extended, mask, merging.isCausal, sizes);
  if (isBatched) return results;
  const [output, weights] = results;
  return [output.squeeze(1), weights?.squeeze(0) ?? null];
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
