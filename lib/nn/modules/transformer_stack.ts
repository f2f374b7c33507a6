/** Stacks of Transformer layers: encoders and decoders. Source: torch/nn/modules/transformer.py. */
import { get_fastpath_enabled } from '../../backends/mha';
import { attributeError } from '../../bindings/errors';
import { native } from '../../bindings/native';
import { warn } from '../../bindings/warnings';
import {
  BOOL,
  INT,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  TENSOR,
} from '../../dispatch/signature';
import type { DeviceLike } from '../../tensor/device';
import type { DType } from '../../tensor/dtype';
import { full } from '../../tensor/factories';
import type { Tensor } from '../../tensor/tensor';
import { deepcopy } from '../../utils/deepcopy';
import { canonicalMask } from '../functional/attention/masks';
import { op } from '../ops';
import { isFast, isNested } from './attention';
import { ModuleList } from './container';
import { MODULE, Module } from './module';
import { type DecoderMasks, MASK, TransformerEncoderLayer, tensorsOf } from './transformer_layer';

const isLeftAligned = op<(t: Tensor, mask: Tensor) => boolean>(
  '_nested_tensor_from_mask_left_aligned',
);
const nestedFromMask = op<(t: Tensor, mask: Tensor, mask_check: boolean) => Tensor>(
  '_nested_tensor_from_mask',
);
const toPadded =
  op<(self: Tensor, padding: number, size: readonly number[]) => Tensor>('to_padded_tensor');

const NORM = { norm: nullable(MODULE) };

/** Returns a square mask with -Infinity above the diagonal, and zeros elsewhere. */
export const causalMask = (size: number, device: DeviceLike | null, dtype: DType | null): Tensor =>
  full([size, size], -Infinity, { device, dtype }).triu(1);

/** Returns whether a mask is causal. A hint that is not null is returned as it is. */
function detectCausal(mask: Tensor | null, hint: boolean | null, size: number | null): boolean {
  if (hint !== null || mask === null) return hint === true;
  const causal = causalMask(size ?? mask.size(-2), mask.device, mask.dtype);
  return String(mask.shape) === String(causal.shape) && mask.eq(causal).all().item<boolean>();
}

/** Returns the number of steps of a sequence, or null for a nested tensor. */
function stepsOf(sequence: Tensor, batchFirst: boolean): number | null {
  if (isNested(sequence)) return null;
  return sequence.size(sequence.ndim !== 2 && batchFirst ? 1 : 0);
}

function attentionOf(layer: Module): TransformerEncoderLayer['self_attn'] {
  const { self_attn } = layer as unknown as Partial<TransformerEncoderLayer>;
  if (self_attn) return self_attn;
  throw attributeError(`'${layer._get_name()}' object has no attribute 'self_attn'`);
}

const clones = (layer: Module, count: number): ModuleList =>
  new ModuleList(Array.from({ length: count }, () => deepcopy(layer)));

export interface TransformerEncoderOptions {
  /** What is applied to the output. Default: null. */
  norm?: Module | null | undefined;
  /** Whether evaluation may leave padding out of the computation. Default: true. */
  enable_nested_tensor?: boolean | undefined;
  /** Whether masks are checked before that: padding must be at the end. Default: true. */
  mask_check?: boolean | undefined;
}

const ENCODER = new Signature('TransformerEncoder', {
  encoder_layer: required(MODULE),
  num_layers: required(INT),
  ...NORM,
  enable_nested_tensor: optional(BOOL, true),
  mask_check: optional(BOOL, true),
});

const ENCODER_FORWARD = new Signature('TransformerEncoder.forward', {
  src: required(TENSOR),
  mask: MASK,
  src_key_padding_mask: MASK,
  is_causal: nullable(BOOL),
});

export interface EncoderOptions {
  /** Shape (S, S) or (N * nhead, S, S). Default: null. */
  mask?: Tensor | null | undefined;
  /** Shape (N, S), or (S) without a batch. Default: null. */
  src_key_padding_mask?: Tensor | null | undefined;
  /** Whether `mask` is a causal mask. Default: null, which compares it with one. */
  is_causal?: boolean | null | undefined;
}

type EncoderMasks = Positional<[], ['mask', 'src_key_padding_mask', 'is_causal'], EncoderOptions>;

/**
 * A stack of encoder layers, which begin as copies of one.
 *
 * Shapes: src (S, N, d_model), (N, S, d_model) with `batch_first`, or (S, d_model); output as src.
 *
 * In evaluation and without gradients, padding at the end of sequences is not computed, as in Python.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 */
export class TransformerEncoder extends Module<[src: Tensor, ...options: EncoderMasks], Tensor> {
  static readonly signature = ENCODER.description;
  declare layers: ModuleList;
  num_layers: number;
  declare norm: Module | null;
  enable_nested_tensor: boolean;
  use_nested_tensor: boolean;
  mask_check: boolean;

  constructor(
    ...args: Positional<
      [encoder_layer: Module, num_layers: number],
      ['norm', 'enable_nested_tensor', 'mask_check'],
      TransformerEncoderOptions
    >
  ) {
    const { encoder_layer, num_layers, norm, ...options } = ENCODER.read(args);
    super();
    this.layers = clones(encoder_layer, num_layers);
    this.num_layers = num_layers;
    this.norm = norm;
    this.enable_nested_tensor = options.enable_nested_tensor;
    this.mask_check = options.mask_check;
    const obstacle = options.enable_nested_tensor ? obstacleOf(encoder_layer) : undefined;
    if (obstacle !== undefined) {
      warn(
        `enable_nested_tensor is True, but self.use_nested_tensor is False because encoder_layer${obstacle}`,
      );
    }
    this.use_nested_tensor = options.enable_nested_tensor && obstacle === undefined;
  }

  override forward(src: Tensor, ...options: EncoderMasks): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { src, is_causal, ...masks } = ENCODER_FORWARD.read(args);
    const padding = canonicalMask(
      masks.src_key_padding_mask,
      'src_key_padding_mask',
      src.dtype,
      masks.mask,
      'mask',
    );
    const mask = canonicalMask(masks.mask, 'mask', src.dtype);
    const first = this.layers.at(0);
    const { batch_first } = attentionOf(first);
    const nested = padding && canNest(this, src, padding, mask);
    let output = nested ? nestedFromMask(src, padding.logical_not(), false) : src;
    const options = {
      src_mask: mask,
      is_causal: detectCausal(mask, is_causal, stepsOf(src, batch_first)),
      src_key_padding_mask: nested ? null : padding,
    };
    for (const layer of this.layers) output = layer(output, options);
    if (nested) output = toPadded(output, 0, src.shape);
    return this.norm ? this.norm(output) : output;
  }
}

/** Returns why an encoder of copies of a layer cannot leave padding out, or undefined if it can. */
function obstacleOf(layer: Module): string | undefined {
  if (!(layer instanceof TransformerEncoderLayer)) return ' was not TransformerEncoderLayer';
  const { self_attn, norm1, norm2 } = layer;
  if (layer.norm_first) return '.norm_first was True';
  if (!self_attn.batch_first) {
    return '.self_attn.batch_first was not True(use batch_first for better inference performance)';
  }
  if (!self_attn._qkv_same_embed_dim) return '.self_attn._qkv_same_embed_dim was not True';
  if (self_attn.in_proj_bias === null) return '.self_attn was passed bias=False';
  if (!layer.activation_relu_or_gelu) return '.activation_relu_or_gelu was not True';
  if (norm1.eps !== norm2.eps) return '.norm1.eps was not equal to encoder_layer.norm2.eps';
  return self_attn.num_heads % 2 === 1 ? '.self_attn.num_heads is odd' : undefined;
}

function canNest(
  encoder: TransformerEncoder,
  src: Tensor,
  padding: Tensor,
  mask: Tensor | null,
): boolean {
  const first = encoder.layers.at(0) as TransformerEncoderLayer;
  return (
    get_fastpath_enabled() &&
    encoder.use_nested_tensor &&
    !first.training &&
    src.ndim === 3 &&
    (!encoder.mask_check || isLeftAligned(src, padding.logical_not())) &&
    !isNested(src) &&
    mask === null &&
    !native.is_autocast_enabled('cuda') &&
    [src, ...tensorsOf(first)].every(isFast)
  );
}

const DECODER = new Signature('TransformerDecoder', {
  decoder_layer: required(MODULE),
  num_layers: required(INT),
  ...NORM,
});

const DECODER_FORWARD = new Signature('TransformerDecoder.forward', {
  tgt: required(TENSOR),
  memory: required(TENSOR),
  tgt_mask: MASK,
  memory_mask: MASK,
  tgt_key_padding_mask: MASK,
  memory_key_padding_mask: MASK,
  tgt_is_causal: nullable(BOOL),
  memory_is_causal: optional(BOOL, false),
});

/**
 * A stack of decoder layers, which begin as copies of one.
 *
 * Shapes: tgt (T, N, d_model), memory (S, N, d_model), or N first with `batch_first`, or without N; output as tgt.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
 */
export class TransformerDecoder extends Module<
  [tgt: Tensor, memory: Tensor, ...DecoderMasks],
  Tensor
> {
  static readonly signature = DECODER.description;
  declare layers: ModuleList;
  num_layers: number;
  declare norm: Module | null;

  constructor(
    decoder_layer: Module,
    num_layers: number,
    norm?: Module | null | { norm?: Module | null | undefined },
  );
  constructor(...args: unknown[]) {
    const { decoder_layer, num_layers, norm } = DECODER.read(args);
    super();
    this.layers = clones(decoder_layer, num_layers);
    this.num_layers = num_layers;
    this.norm = norm;
  }

  override forward(tgt: Tensor, memory: Tensor, ...masks: DecoderMasks): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { tgt, memory, ...masks } = DECODER_FORWARD.read(args);
    const steps = stepsOf(tgt, attentionOf(this.layers.at(0)).batch_first);
    const tgt_is_causal = detectCausal(masks.tgt_mask, masks.tgt_is_causal, steps);
    let output = tgt;
    for (const layer of this.layers) output = layer(output, memory, { ...masks, tgt_is_causal });
    return this.norm ? this.norm(output) : output;
  }
}
