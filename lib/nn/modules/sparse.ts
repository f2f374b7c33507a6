/** Embedding modules. Source: torch/nn/modules/sparse.py. */
import { assertionError } from '../../bindings/errors';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  INT,
  nullable,
  optional,
  type Place,
  type Positional,
  required,
  Signature,
  STRING,
  TENSOR,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr, floatRepr, strRepr } from '../../utils/python';
import {
  type BagMode,
  EMBEDDING_OPTIONS,
  type EmbeddingBagOptions,
  type EmbeddingOptions,
  embedding,
  embedding_bag,
  NORM,
  paddingRow,
} from '../functional/sparse';
import * as init from '../init';
import { empty, withoutGrad } from '../ops';
import { Parameter } from '../parameter';
import { Module } from './module';

export interface EmbeddingModuleOptions extends EmbeddingOptions, FactoryOptions {
  /** The rows to use instead of random ones. Default: null. */
  _weight?: Tensor | null | undefined;
  /** Whether the rows are not trained. Default: false. */
  _freeze?: boolean | undefined;
}

export interface FromPretrainedOptions extends EmbeddingOptions {
  /** Whether the rows are not trained. Default: true. */
  freeze?: boolean | undefined;
}

const EMBEDDING = new Signature('Embedding', {
  num_embeddings: required(INT),
  embedding_dim: required(INT),
  ...EMBEDDING_OPTIONS,
  _weight: nullable(TENSOR),
  _freeze: optional(BOOL, false),
  ...FACTORY,
});

const FROM_PRETRAINED = new Signature('Embedding.from_pretrained', {
  embeddings: required(TENSOR),
  freeze: optional(BOOL, true),
  ...EMBEDDING_OPTIONS,
});

/**
 * A lookup table with a vector for each of `num_embeddings` indices. The vectors are initialized from the standard
 * normal distribution.
 *
 * Shapes: input (*) of integers, output (*, embedding_dim).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 *
 * @throws TorchError (AssertionError) if padding_idx is not the index of a row
 */
export class Embedding extends Module<[input: Tensor], Tensor> {
  static readonly signature = EMBEDDING.description;
  num_embeddings: number;
  embedding_dim: number;
  padding_idx: number | null;
  max_norm: number | null;
  norm_type: number;
  scale_grad_by_freq: boolean;
  /** Shape (num_embeddings, embedding_dim). */
  declare weight: Parameter;
  sparse: boolean;

  constructor(
    ...args: Positional<
      [num_embeddings: number, embedding_dim: number],
      [
        padding_idx: 'padding_idx',
        max_norm: 'max_norm',
        norm_type: 'norm_type',
        scale_grad_by_freq: 'scale_grad_by_freq',
        sparse: 'sparse',
        _weight: '_weight',
        _freeze: '_freeze',
        ...Place,
      ],
      EmbeddingModuleOptions
    >
  ) {
    const { num_embeddings, embedding_dim, _weight, _freeze, device, dtype, ...options } =
      EMBEDDING.read(args);
    super();
    this.num_embeddings = num_embeddings;
    this.embedding_dim = embedding_dim;
    this.padding_idx = paddingRow(options.padding_idx, () => num_embeddings);
    this.max_norm = options.max_norm;
    this.norm_type = options.norm_type;
    this.scale_grad_by_freq = options.scale_grad_by_freq;
    const shape = [num_embeddings, embedding_dim];
    if (_weight && String(_weight.shape) !== String(shape)) {
      throw assertionError('Shape of weight does not match num_embeddings and embedding_dim');
    }
    const weight = _weight ?? empty(shape, { device, dtype });
    this.register_parameter('weight', new Parameter(weight, !_freeze));
    if (!_weight) this.reset_parameters();
    this.sparse = options.sparse;
  }

  /**
   * Returns an embedding that shares the given rows, of shape (num_embeddings, embedding_dim).
   *
   * @throws TorchError (AssertionError) unless `embeddings` has two dimensions
   */
  static from_pretrained(
    embeddings: Tensor,
    freeze: boolean,
    padding_idx?: number | null,
    max_norm?: number | null,
    norm_type?: number,
    scale_grad_by_freq?: boolean,
    sparse?: boolean,
  ): Embedding;
  static from_pretrained(embeddings: Tensor, options?: FromPretrainedOptions): Embedding;
  static from_pretrained(...args: unknown[]): Embedding {
    const { embeddings, freeze, ...options } = FROM_PRETRAINED.read(args);
    const [rows, columns] = embeddings.shape;
    if (embeddings.ndim !== 2) {
      throw assertionError('Embeddings parameter is expected to be 2-dimensional');
    }
    return new this(rows!, columns!, { _weight: embeddings, _freeze: freeze, ...options });
  }

  /** Initializes the rows again, at random. */
  reset_parameters(): void {
    init.normal_(this.weight);
    clearRow(this.weight, this.padding_idx);
  }

  override forward(input: Tensor): Tensor {
    return embedding(input, this.weight, {
      padding_idx: this.padding_idx,
      max_norm: this.max_norm,
      norm_type: this.norm_type,
      scale_grad_by_freq: this.scale_grad_by_freq,
      sparse: this.sparse,
    });
  }

  override extra_repr(): string {
    const { padding_idx, max_norm, norm_type, scale_grad_by_freq } = this;
    const parts = [String(this.num_embeddings), String(this.embedding_dim)];
    if (padding_idx !== null) parts.push(`padding_idx=${padding_idx}`);
    if (max_norm !== null) parts.push(`max_norm=${floatRepr(max_norm)}`);
    if (norm_type !== 2) parts.push(`norm_type=${floatRepr(norm_type)}`);
    if (scale_grad_by_freq) parts.push(`scale_grad_by_freq=${boolRepr(scale_grad_by_freq)}`);
    if (this.sparse) parts.push('sparse=True');
    return parts.join(', ');
  }
}

export interface EmbeddingBagModuleOptions
  extends Omit<EmbeddingBagOptions, 'offsets' | 'per_sample_weights'>,
    FactoryOptions {
  /** The rows to use instead of random ones. Default: null. */
  _weight?: Tensor | null | undefined;
}

export interface BagFromPretrainedOptions
  extends Omit<EmbeddingBagOptions, 'offsets' | 'per_sample_weights'> {
  /** Whether the rows are not trained. Default: true. */
  freeze?: boolean | undefined;
}

const LAST = {
  include_last_offset: optional(BOOL, false),
  padding_idx: nullable(INT),
};
const BAG = { ...NORM, mode: optional(STRING, 'mean'), sparse: optional(BOOL, false) };

const EMBEDDING_BAG = new Signature('EmbeddingBag', {
  num_embeddings: required(INT),
  embedding_dim: required(INT),
  ...BAG,
  _weight: nullable(TENSOR),
  ...LAST,
  ...FACTORY,
});

const BAG_FROM_PRETRAINED = new Signature('EmbeddingBag.from_pretrained', {
  embeddings: required(TENSOR),
  freeze: optional(BOOL, true),
  ...BAG,
  ...LAST,
});

/** The arguments of {@link EmbeddingBag} after the input: a tensor, null, or both by name. */
interface BagOptions {
  /** The start of each bag, for an input with one dimension. Default: null. */
  offsets?: Tensor | null | undefined;
  /** A factor for each index, with `mode: 'sum'`. Default: null, 1. */
  per_sample_weights?: Tensor | null | undefined;
}

type Bags = Positional<
  [input: Tensor],
  [offsets: 'offsets', per_sample_weights: 'per_sample_weights'],
  BagOptions
>;

const BAGS = new Signature('EmbeddingBag.forward', {
  input: required(TENSOR),
  offsets: nullable(TENSOR),
  per_sample_weights: nullable(TENSOR),
});

/**
 * A lookup table whose result is the sum, mean or maximum of the vectors of each bag of indices. The vectors are
 * initialized from the standard normal distribution.
 *
 * Shapes: input (B, N), or (N) with offsets (B); per_sample_weights as input; output (B, embedding_dim).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 *
 * @throws TorchError (AssertionError) if padding_idx is not the index of a row
 */
export class EmbeddingBag extends Module<Bags, Tensor> {
  static readonly signature = EMBEDDING_BAG.description;
  num_embeddings: number;
  embedding_dim: number;
  max_norm: number | null;
  norm_type: number;
  scale_grad_by_freq: boolean;
  padding_idx: number | null;
  /** Shape (num_embeddings, embedding_dim). */
  declare weight: Parameter;
  mode: BagMode;
  sparse: boolean;
  include_last_offset: boolean;

  constructor(
    ...args: Positional<
      [num_embeddings: number, embedding_dim: number],
      [
        max_norm: 'max_norm',
        norm_type: 'norm_type',
        scale_grad_by_freq: 'scale_grad_by_freq',
        mode: 'mode',
        sparse: 'sparse',
        _weight: '_weight',
        include_last_offset: 'include_last_offset',
        padding_idx: 'padding_idx',
        device: 'device',
        dtype: 'dtype',
      ],
      EmbeddingBagModuleOptions
    >
  ) {
    const { num_embeddings, embedding_dim, _weight, device, dtype, ...options } =
      EMBEDDING_BAG.read(args);
    super();
    this.num_embeddings = num_embeddings;
    this.embedding_dim = embedding_dim;
    this.max_norm = options.max_norm;
    this.norm_type = options.norm_type;
    this.scale_grad_by_freq = options.scale_grad_by_freq;
    this.padding_idx = paddingRow(
      options.padding_idx,
      () => num_embeddings,
      'padding_idx must be within num_embeddings',
    );
    const shape = [num_embeddings, embedding_dim];
    if (_weight && String(_weight.shape) !== String(shape)) {
      throw assertionError('Shape of weight does not match num_embeddings and embedding_dim');
    }
    const weight = new Parameter(_weight ?? empty(shape, { device, dtype }));
    this.register_parameter('weight', weight);
    if (!_weight) this.reset_parameters();
    this.mode = options.mode as BagMode;
    this.sparse = options.sparse;
    this.include_last_offset = options.include_last_offset;
  }

  /**
   * Returns a layer that shares the given rows, of shape (num_embeddings, embedding_dim).
   *
   * @throws TorchError (AssertionError) unless `embeddings` has two dimensions
   */
  static from_pretrained(
    ...args: Positional<
      [embeddings: Tensor],
      [
        freeze: 'freeze',
        max_norm: 'max_norm',
        norm_type: 'norm_type',
        scale_grad_by_freq: 'scale_grad_by_freq',
        mode: 'mode',
        sparse: 'sparse',
        include_last_offset: 'include_last_offset',
        padding_idx: 'padding_idx',
      ],
      BagFromPretrainedOptions
    >
  ): EmbeddingBag {
    const { embeddings, freeze, mode, ...options } = BAG_FROM_PRETRAINED.read(args);
    const [rows, columns] = embeddings.shape;
    if (embeddings.ndim !== 2) {
      throw assertionError('Embeddings parameter is expected to be 2-dimensional');
    }
    const given = { _weight: embeddings, mode: mode as BagMode, ...options };
    const bag = new this(rows!, columns!, given);
    bag.weight.requires_grad = !freeze;
    return bag;
  }

  /** Initializes the rows again, at random. */
  reset_parameters(): void {
    init.normal_(this.weight);
    clearRow(this.weight, this.padding_idx);
  }

  override forward(...args: Bags): Tensor {
    const { input, offsets, per_sample_weights } = BAGS.read(args);
    return embedding_bag(input, this.weight, {
      offsets,
      max_norm: this.max_norm,
      norm_type: this.norm_type,
      scale_grad_by_freq: this.scale_grad_by_freq,
      mode: this.mode,
      sparse: this.sparse,
      per_sample_weights,
      include_last_offset: this.include_last_offset,
      padding_idx: this.padding_idx,
    });
  }

  override extra_repr(): string {
    const { padding_idx, max_norm, norm_type, scale_grad_by_freq } = this;
    const parts = [String(this.num_embeddings), String(this.embedding_dim)];
    if (max_norm !== null) parts.push(`max_norm=${floatRepr(max_norm)}`);
    if (norm_type !== 2) parts.push(`norm_type=${floatRepr(norm_type)}`);
    if (scale_grad_by_freq) parts.push(`scale_grad_by_freq=${boolRepr(scale_grad_by_freq)}`);
    parts.push(`mode=${strRepr(this.mode)}`);
    if (padding_idx !== null) parts.push(`padding_idx=${padding_idx}`);
    return parts.join(', ');
  }
}

function clearRow(weight: Tensor, row: number | null): void {
  if (row !== null) withoutGrad(() => weight.select(0, row).fill_(0));
}
