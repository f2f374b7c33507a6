/** The layers of Transformers. Source: torch/nn/modules/transformer.py. */

import { get_fastpath_enabled } from '../../backends/mha';
import { runtimeError } from '../../bindings/errors';
import { native } from '../../bindings/native';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  TENSOR,
  typeOf,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { gelu, relu } from '../functional/activation';
import { canonicalMask } from '../functional/attention/masks';
import { op } from '../ops';
import { GELU, ReLU } from './activation';
import { isFast, isNested, MultiheadAttention } from './attention';
import { Dropout } from './dropout';
import { Linear } from './linear';
import { Module } from './module';
import { LayerNorm } from './normalization';

/** The function between the two linear layers: its name, a function or a module. */
export type Activation = 'relu' | 'gelu' | ((input: Tensor) => Tensor);

const ACTIVATION = typeOf<Activation>(
  'a function, or its name',
  (value) => typeof value === 'function' || typeof value === 'string',
);

/** The parameters that all Transformers have. */
export const LAYER = {
  dim_feedforward: optional(INT, 2048),
  dropout: optional(FLOAT, 0.1),
  activation: optional<Activation>(ACTIVATION, relu as Activation),
  layer_norm_eps: optional(FLOAT, 1e-5),
  batch_first: optional(BOOL, false),
  norm_first: optional(BOOL, false),
  bias: optional(BOOL, true),
};

export interface LayerOptions extends FactoryOptions {
  /** The number of features between the two linear layers. Default: 2048. */
  dim_feedforward?: number | undefined;
  /** The probability of dropout, in training. Default: 0.1. */
  dropout?: number | undefined;
  /** The function between the two linear layers. Default: `F.relu`. */
  activation?: Activation | undefined;
  /** The `eps` of layer normalization. Default: 1e-5. */
  layer_norm_eps?: number | undefined;
  /** Whether the batch is the first dimension, and the step the second. Default: false. */
  batch_first?: boolean | undefined;
  /** Whether layer normalization comes before attention and linear layers. Default: false, after. */
  norm_first?: boolean | undefined;
  /** Whether linear layers and layer normalization have biases. Default: true. */
  bias?: boolean | undefined;
}

type Settings = Positional<
  [],
  [
    'dim_feedforward',
    'dropout',
    'activation',
    'layer_norm_eps',
    'batch_first',
    'norm_first',
    'bias',
    'device',
    'dtype',
  ],
  LayerOptions
>;

export const MASK = nullable(TENSOR);

const SIZES = { d_model: required(INT), nhead: required(INT) };
const PARAMETERS = { ...SIZES, ...LAYER, ...FACTORY };

function activationOf(activation: Activation): (input: Tensor) => Tensor {
  if (typeof activation === 'function') return activation;
  if (activation === 'relu') return relu;
  if (activation === 'gelu') return gelu;
  throw runtimeError(`activation should be relu/gelu, not ${activation}`);
}

/** The base of both layers: attention, dropout, and two linear layers. */
abstract class TransformerLayer<Args extends unknown[]> extends Module<Args, Tensor> {
  declare self_attn: MultiheadAttention;
  declare linear1: Linear;
  declare dropout: Dropout;
  declare linear2: Linear;
  norm_first: boolean;
  declare norm1: LayerNorm;
  declare norm2: LayerNorm;
  declare dropout1: Dropout;
  declare dropout2: Dropout;
  declare activation: (input: Tensor) => Tensor;

  /** @param isDecoder - whether there is attention to a memory */
  constructor(values: ValuesOf<typeof PARAMETERS>, isDecoder: boolean) {
    super();
    const { d_model, nhead, dim_feedforward, dropout, bias, batch_first, device, dtype } = values;
    const attention = (): MultiheadAttention =>
      new MultiheadAttention(d_model, nhead, { dropout, bias, batch_first, device, dtype });
    const members: Record<string, Module> = { self_attn: attention() };
    if (isDecoder) members['multihead_attn'] = attention();
    members['linear1'] = new Linear(d_model, dim_feedforward, bias, device, dtype);
    members['dropout'] = new Dropout(dropout);
    members['linear2'] = new Linear(dim_feedforward, d_model, bias, device, dtype);
    const count = isDecoder ? 3 : 2;
    for (let index = 1; index <= count; index++) {
      const eps = values.layer_norm_eps;
      members[`norm${index}`] = new LayerNorm(d_model, { eps, bias, device, dtype });
    }
    for (let index = 1; index <= count; index++) members[`dropout${index}`] = new Dropout(dropout);
    for (const [name, member] of Object.entries(members)) this.register_module(name, member);
    this.norm_first = values.norm_first;
    this.activation = activationOf(values.activation);
  }

  /** Computes self-attention. @internal */
  _sa_block(
    x: Tensor,
    attn_mask: Tensor | null,
    key_padding_mask: Tensor | null,
    is_causal: boolean,
  ): Tensor {
    const options = { attn_mask, key_padding_mask, need_weights: false, is_causal };
    return this.dropout1(this.self_attn(x, x, x, options)[0]);
  }

  /** Computes the linear layers. @internal */
  _ff_block(x: Tensor, dropout: Dropout): Tensor {
    return dropout(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }
}

// --- the encoder's --------------------------------------------------------------------------------------------------

const ENCODER_LAYER = new Signature('TransformerEncoderLayer', PARAMETERS);

const ENCODER_FORWARD = new Signature('TransformerEncoderLayer.forward', {
  src: required(TENSOR),
  src_mask: MASK,
  src_key_padding_mask: MASK,
  is_causal: optional(BOOL, false),
});

export interface EncoderLayerOptions {
  /** Shape (S, S) or (N * nhead, S, S). Default: null. */
  src_mask?: Tensor | null | undefined;
  /** Shape (N, S), or (S) without a batch. Default: null. */
  src_key_padding_mask?: Tensor | null | undefined;
  /** Whether `src_mask` is a causal mask: a hint. Default: false. */
  is_causal?: boolean | undefined;
}

type EncoderLayerMasks = Positional<
  [],
  ['src_mask', 'src_key_padding_mask', 'is_causal'],
  EncoderLayerOptions
>;

const fastLayer = op<(...args: unknown[]) => Tensor>('_transformer_encoder_layer_fwd');

/**
 * Self-attention, and two linear layers.
 *
 * Shapes: src (S, N, d_model), (N, S, d_model) with `batch_first`, or (S, d_model); output as src.
 *
 * In evaluation and without gradients, one fused operator computes the layer, as in Python.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 */
export class TransformerEncoderLayer extends TransformerLayer<[src: Tensor, ...EncoderLayerMasks]> {
  static readonly signature = ENCODER_LAYER.description;
  /** 1 for ReLU, 2 for GELU, 0 for other functions. */
  activation_relu_or_gelu: 0 | 1 | 2;

  constructor(d_model: number, nhead: number, ...settings: Settings);
  constructor(...args: unknown[]) {
    super(ENCODER_LAYER.read(args), false);
    const { activation } = this;
    this.activation_relu_or_gelu = 0;
    if (activation === relu || activation instanceof ReLU) this.activation_relu_or_gelu = 1;
    if (activation === gelu || activation instanceof GELU) this.activation_relu_or_gelu = 2;
  }

  override forward(src: Tensor, ...masks: EncoderLayerMasks): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { src, is_causal, ...masks } = ENCODER_FORWARD.read(args);
    const padding = canonicalMask(
      masks.src_key_padding_mask,
      'src_key_padding_mask',
      src.dtype,
      masks.src_mask,
      'src_mask',
    );
    const mask = canonicalMask(masks.src_mask, 'src_mask', src.dtype);
    if (isOnFastPath(this, src, mask !== null || padding !== null)) {
      return fast(this, src, mask, padding);
    }
    const { norm1, norm2, dropout2 } = this;
    if (this.norm_first) {
      const x = src.add(this._sa_block(norm1(src), mask, padding, is_causal));
      return x.add(this._ff_block(norm2(x), dropout2));
    }
    const x = norm1(src.add(this._sa_block(src, mask, padding, is_causal)));
    return norm2(x.add(this._ff_block(x, dropout2)));
  }
}

/** Returns the parameters of an encoder layer that the fast path uses. */
export const tensorsOf = (layer: TransformerEncoderLayer): (Tensor | null)[] => [
  layer.self_attn.in_proj_weight,
  layer.self_attn.in_proj_bias,
  ...[layer.self_attn.out_proj, layer.norm1, layer.norm2, layer.linear1, layer.linear2].flatMap(
    ({ weight, bias }) => [weight, bias],
  ),
];

/** Returns whether Python would call the fused operator. */
function isOnFastPath(layer: TransformerEncoderLayer, src: Tensor, hasMask: boolean): boolean {
  const { self_attn } = layer;
  return (
    get_fastpath_enabled() &&
    src.ndim === 3 &&
    !layer.training &&
    self_attn.batch_first &&
    self_attn.in_proj_bias !== null &&
    self_attn._qkv_same_embed_dim &&
    layer.activation_relu_or_gelu !== 0 &&
    layer.norm1.eps === layer.norm2.eps &&
    !(hasMask && isNested(src)) &&
    self_attn.num_heads % 2 === 0 &&
    !native.is_autocast_enabled('cuda') &&
    [src, ...tensorsOf(layer)].every(isFast) &&
    ![...layer.modules()].some((module) => module._hooks()?.hasForward)
  );
}

function fast(
  layer: TransformerEncoderLayer,
  src: Tensor,
  mask: Tensor | null,
  padding: Tensor | null,
): Tensor {
  const { self_attn } = layer;
  const [in_proj_weight, in_proj_bias, out_weight, out_bias, ...others] = tensorsOf(layer);
  return fastLayer(
    src,
    self_attn.embed_dim,
    self_attn.num_heads,
    in_proj_weight,
    in_proj_bias,
    out_weight,
    out_bias,
    layer.activation_relu_or_gelu === 2,
    layer.norm_first,
    layer.norm1.eps,
    ...others,
    ...self_attn.merge_masks(mask, padding, src),
  );
}

// --- the decoder's --------------------------------------------------------------------------------------------------

const DECODER_LAYER = new Signature('TransformerDecoderLayer', PARAMETERS);

const DECODER_FORWARD = new Signature('TransformerDecoderLayer.forward', {
  tgt: required(TENSOR),
  memory: required(TENSOR),
  tgt_mask: MASK,
  memory_mask: MASK,
  tgt_key_padding_mask: MASK,
  memory_key_padding_mask: MASK,
  tgt_is_causal: optional(BOOL, false),
  memory_is_causal: optional(BOOL, false),
});

export interface DecoderOptions {
  /** Shape (T, T) or (N * nhead, T, T). Default: null. */
  tgt_mask?: Tensor | null | undefined;
  /** Shape (T, S). Default: null. */
  memory_mask?: Tensor | null | undefined;
  /** Shape (N, T), or (T) without a batch. Default: null. */
  tgt_key_padding_mask?: Tensor | null | undefined;
  /** Shape (N, S), or (S) without a batch. Default: null. */
  memory_key_padding_mask?: Tensor | null | undefined;
  /** Whether `tgt_mask` is a causal mask: a hint. A layer's default is false, a decoder compares the mask with one. */
  tgt_is_causal?: boolean | null | undefined;
  /** Whether `memory_mask` is a causal mask: a hint. Default: false. */
  memory_is_causal?: boolean | undefined;
}

export type DecoderMasks = Positional<
  [],
  [
    'tgt_mask',
    'memory_mask',
    'tgt_key_padding_mask',
    'memory_key_padding_mask',
    'tgt_is_causal',
    'memory_is_causal',
  ],
  DecoderOptions
>;

/**
 * Self-attention, attention to a memory, and two linear layers.
 *
 * Shapes: tgt (T, N, d_model), memory (S, N, d_model), or N first with `batch_first`, or without N; output as tgt.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
 */
export class TransformerDecoderLayer extends TransformerLayer<
  [tgt: Tensor, memory: Tensor, ...DecoderMasks]
> {
  static readonly signature = DECODER_LAYER.description;
  declare multihead_attn: MultiheadAttention;
  declare norm3: LayerNorm;
  declare dropout3: Dropout;

  constructor(d_model: number, nhead: number, ...settings: Settings);
  constructor(...args: unknown[]) {
    super(DECODER_LAYER.read(args), true);
  }

  override forward(tgt: Tensor, memory: Tensor, ...masks: DecoderMasks): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { tgt, memory, tgt_mask, tgt_key_padding_mask, tgt_is_causal, ...ofMemory } =
      DECODER_FORWARD.read(args);
    const self = (x: Tensor): Tensor =>
      this._sa_block(x, tgt_mask, tgt_key_padding_mask, tgt_is_causal);
    const other = (x: Tensor): Tensor =>
      this._mha_block(
        x,
        memory,
        ofMemory.memory_mask,
        ofMemory.memory_key_padding_mask,
        ofMemory.memory_is_causal,
      );
    const { norm1, norm2, norm3, dropout3 } = this;
    if (this.norm_first) {
      const x = tgt.add(self(norm1(tgt)));
      const y = x.add(other(norm2(x)));
      return y.add(this._ff_block(norm3(y), dropout3));
    }
    const x = norm1(tgt.add(self(tgt)));
    const y = norm2(x.add(other(x)));
    return norm3(y.add(this._ff_block(y, dropout3)));
  }

  /** Computes attention to the memory. @internal */
  _mha_block(
    x: Tensor,
    memory: Tensor,
    attn_mask: Tensor | null,
    key_padding_mask: Tensor | null,
    is_causal: boolean,
  ): Tensor {
    const options = { attn_mask, key_padding_mask, need_weights: false, is_causal };
    return this.dropout2(this.multihead_attn(x, memory, memory, options)[0]);
  }
}
