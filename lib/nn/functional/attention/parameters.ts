/** The parameters of attention with several heads, and the checks of their shapes. Source: torch/nn/functional.py. */
import { assertionError } from '../../../bindings/errors';
import {
  BOOL,
  FLOAT,
  INT,
  nullable,
  optional,
  orNull,
  required,
  Signature,
  TENSOR,
  type ValuesOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { tupleRepr } from '../../../utils/python';
import { sizeText } from '../../typename';

const MAYBE = nullable(TENSOR);
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
export const MULTI_HEAD = new Signature('multi_head_attention_forward', PARAMETERS);

export type Attention = ValuesOf<typeof PARAMETERS>;

/** The parameters with a default, by name. */
export type Options = {
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

export type Triple = [query: Tensor, key: Tensor, value: Tensor];

export interface Sizes {
  /** The number of queries. */
  readonly length: number;
  readonly batch: number;
  readonly heads: number;
  /** The number of features of a head. */
  readonly head: number;
  /** The number of keys. */
  readonly source: number;
}

export interface Masks {
  readonly attn_mask: Tensor | null;
  readonly key_padding_mask: Tensor | null;
}

/** Checks the numbers of dimensions. Returns whether there is a batch. */
export function checkShapes(given: Attention): boolean {
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

export const isShape = ({ shape }: Tensor, expected: readonly number[]): boolean =>
  shape.length === expected.length && shape.every((size, dim) => size === expected[dim]);
