/** The Transformer. Source: torch/nn/modules/transformer.py. */
import { runtimeError } from '../../bindings/errors';
import {
  BOOL,
  DEVICE,
  DTYPE,
  FACTORY,
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
import type { Tensor } from '../../tensor/tensor';
import * as init from '../init';
import { MODULE, Module } from './module';
import { LayerNorm } from './normalization';
import {
  type DecoderOptions,
  LAYER,
  type LayerOptions,
  MASK,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from './transformer_layer';
import { causalMask, TransformerDecoder, TransformerEncoder } from './transformer_stack';

export interface TransformerOptions extends LayerOptions {
  /** The number of features. Default: 512. */
  d_model?: number | undefined;
  /** The number of heads. Default: 8. */
  nhead?: number | undefined;
  /** Default: 6. */
  num_encoder_layers?: number | undefined;
  /** Default: 6. */
  num_decoder_layers?: number | undefined;
  /** A module in place of the encoder. Default: null. */
  custom_encoder?: Module | null | undefined;
  /** A module in place of the decoder. Default: null. */
  custom_decoder?: Module | null | undefined;
}

const { dim_feedforward, dropout, activation, ...REST } = LAYER;
const TRANSFORMER = new Signature('Transformer', {
  d_model: optional(INT, 512),
  nhead: optional(INT, 8),
  num_encoder_layers: optional(INT, 6),
  num_decoder_layers: optional(INT, 6),
  dim_feedforward,
  dropout,
  activation,
  custom_encoder: nullable(MODULE),
  custom_decoder: nullable(MODULE),
  ...REST,
  ...FACTORY,
});

const TRANSFORMER_FORWARD = new Signature('Transformer.forward', {
  src: required(TENSOR),
  tgt: required(TENSOR),
  src_mask: MASK,
  tgt_mask: MASK,
  memory_mask: MASK,
  src_key_padding_mask: MASK,
  tgt_key_padding_mask: MASK,
  memory_key_padding_mask: MASK,
  src_is_causal: nullable(BOOL),
  tgt_is_causal: nullable(BOOL),
  memory_is_causal: optional(BOOL, false),
});

export interface TransformerMasks extends DecoderOptions {
  /** Shape (S, S) or (N * nhead, S, S). Default: null. */
  src_mask?: Tensor | null | undefined;
  /** Shape (N, S), or (S) without a batch. Default: null. */
  src_key_padding_mask?: Tensor | null | undefined;
  /** Whether `src_mask` is a causal mask. Default: null, which compares it with one. */
  src_is_causal?: boolean | null | undefined;
}

type AllMasks = Positional<
  [],
  [
    'src_mask',
    'tgt_mask',
    'memory_mask',
    'src_key_padding_mask',
    'tgt_key_padding_mask',
    'memory_key_padding_mask',
    'src_is_causal',
    'tgt_is_causal',
    'memory_is_causal',
  ],
  TransformerMasks
>;

const SUBSEQUENT = new Signature('generate_square_subsequent_mask', {
  sz: required(INT),
  device: nullable(DEVICE),
  dtype: nullable(DTYPE),
});

/**
 * An encoder and a decoder, as in "Attention Is All You Need".
 *
 * Shapes: src (S, N, d_model), tgt (T, N, d_model), or N first with `batch_first`, or without N; output as tgt.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
 */
export class Transformer extends Module<[src: Tensor, tgt: Tensor, ...AllMasks], Tensor> {
  static readonly signature = TRANSFORMER.description;
  declare encoder: Module;
  declare decoder: Module;
  d_model: number;
  nhead: number;
  batch_first: boolean;

  constructor(
    ...settings: Positional<
      [],
      [
        'd_model',
        'nhead',
        'num_encoder_layers',
        'num_decoder_layers',
        'dim_feedforward',
        'dropout',
        'activation',
        'custom_encoder',
        'custom_decoder',
        'layer_norm_eps',
        'batch_first',
        'norm_first',
        'bias',
        'device',
        'dtype',
      ],
      TransformerOptions
    >
  );
  constructor(...args: unknown[]) {
    const {
      d_model,
      nhead,
      num_encoder_layers,
      num_decoder_layers,
      custom_encoder,
      custom_decoder,
      ...options
    } = TRANSFORMER.read(args);
    super();
    const { layer_norm_eps: eps, bias, device, dtype } = options;
    const norm = (): Module => new LayerNorm(d_model, { eps, bias, device, dtype });
    if (custom_encoder) this.encoder = custom_encoder;
    else {
      const layer = new TransformerEncoderLayer(d_model, nhead, options);
      this.encoder = new TransformerEncoder(layer, num_encoder_layers, norm());
    }
    if (custom_decoder) this.decoder = custom_decoder;
    else {
      const layer = new TransformerDecoderLayer(d_model, nhead, options);
      this.decoder = new TransformerDecoder(layer, num_decoder_layers, norm());
    }
    this._reset_parameters();
    this.d_model = d_model;
    this.nhead = nhead;
    this.batch_first = options.batch_first;
  }

  /** @throws TorchError (RuntimeError) unless src and tgt have the same batch and `d_model` features */
  override forward(src: Tensor, tgt: Tensor, ...masks: AllMasks): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { src, tgt, ...masks } = TRANSFORMER_FORWARD.read(args);
    const batchDim = this.batch_first ? 0 : 1;
    if (src.ndim === 3 && src.size(batchDim) !== tgt.size(batchDim)) {
      throw runtimeError('the batch number of src and tgt must be equal');
    }
    if (src.size(-1) !== this.d_model || tgt.size(-1) !== this.d_model) {
      throw runtimeError('the feature number of src and tgt must be equal to d_model');
    }
    const { src_mask, src_key_padding_mask, src_is_causal, ...ofDecoder } = masks;
    const memory = this.encoder(src, {
      mask: src_mask,
      src_key_padding_mask,
      is_causal: src_is_causal,
    });
    return this.decoder(tgt, memory, ofDecoder);
  }

  /**
   * Returns a causal mask: -Infinity above the diagonal, and zeros elsewhere.
   *
   * Shapes: output (sz, sz).
   */
  static generate_square_subsequent_mask(
    sz: number,
    device?: DeviceLike | null | { device?: DeviceLike | null; dtype?: DType | null },
    dtype?: DType | null,
  ): Tensor;
  static generate_square_subsequent_mask(...args: unknown[]): Tensor {
    const { sz, device, dtype } = SUBSEQUENT.read(args);
    return causalMask(sz, device, dtype);
  }

  /** @internal */
  _reset_parameters(): void {
    for (const parameter of this.parameters()) {
      if (parameter.ndim > 1) init.xavier_uniform_(parameter);
    }
  }
}
