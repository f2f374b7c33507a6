/** Samplers: the order in which a loader reads a dataset. Source: torch/utils/data/sampler.py. */
import { notImplementedError, valueError } from '../../bindings/errors';
import {
  ANYTHING,
  BOOL,
  GENERATOR,
  INT,
  nullable,
  optional,
  required,
  Signature,
} from '../../dispatch/signature';
import { Generator } from '../../random/generator';
import { as_tensor, type TensorData } from '../../tensor/creation';
import { float64, int64 } from '../../tensor/dtype';
import { empty, randint, randperm } from '../../tensor/factories';
import { multinomial } from '../../tensor/functions';
import type { Tensor } from '../../tensor/tensor';
import { tupleRepr } from '../python';
import { divide } from '../scalar_math';
import { asData, INDICES, ITERABLE, lengthOf } from './protocol';

/** What has a length. */
export interface Sized {
  readonly length: number;
}

/** Indices in the order of a sampler. */
export type Indices<Index = number> = Iterable<Index>;

/**
 * The base of samplers: a subclass has `[Symbol.iterator]()`, which gives indices or arrays of indices, and may have
 * `get length()`.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
 */
export class Sampler<Index = number> implements Iterable<Index> {
  /** The number of indices, if a subclass defines it. */
  get length(): number {
    return lengthOf(Object.create(null), this.constructor.name);
  }

  [Symbol.iterator](): Iterator<Index> {
    throw notImplementedError('Subclasses of Sampler should implement Symbol.iterator.');
  }
}

const SEQUENTIAL = new Signature('SequentialSampler', { data_source: required(ANYTHING) });

/**
 * The indices in order.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler
 */
export class SequentialSampler extends Sampler {
  static readonly signature = SEQUENTIAL.description;
  readonly data_source: Sized;

  constructor(data_source: Sized) {
    super();
    this.data_source = SEQUENTIAL.read(asData([data_source])).data_source as Sized;
  }

  override get length(): number {
    return lengthOf(this.data_source);
  }

  override *[Symbol.iterator](): Generator_ {
    const { length } = this;
    for (let index = 0; index < length; index++) yield index;
  }
}

type Generator_ = globalThis.Generator<number>;

/** Returns a seed from a generator, as Python's `torch.empty((), dtype=torch.int64).random_().item()`. */
export function drawSeed(generator: Generator | null = null): bigint {
  const seed = empty([], { dtype: int64, device: 'cpu' }).random_({ generator });
  return (seed.toTypedArray() as BigInt64Array)[0]!;
}

const numbers = (tensor: Tensor): number[] => tensor.tolist() as number[];

const RANDOM = new Signature('RandomSampler', {
  data_source: required(ANYTHING),
  replacement: optional(BOOL, false),
  num_samples: nullable(INT),
  generator: nullable(GENERATOR),
});

export interface RandomSamplerOptions {
  /** Draw each index anew. Default: false. */
  replacement?: boolean | undefined;
  /** The number of indices. Default: null, the length of the source. */
  num_samples?: number | null | undefined;
  /** Default: null, a generator that the default generator seeds. */
  generator?: Generator | null | undefined;
}

/**
 * The indices in random order.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
 *
 * @throws RangeError (ValueError) for no samples
 */
export class RandomSampler extends Sampler {
  static readonly signature = RANDOM.description;
  readonly data_source: Sized;
  readonly replacement: boolean;
  readonly generator: Generator | null;
  readonly #numSamples: number | null;

  constructor(
    data_source: Sized,
    replacement: boolean,
    num_samples?: number | null,
    generator?: Generator | null,
  );
  constructor(data_source: Sized, options?: RandomSamplerOptions);
  constructor(...args: unknown[]) {
    super();
    const { data_source, replacement, num_samples, generator } = RANDOM.read(asData(args));
    this.data_source = data_source as Sized;
    this.replacement = replacement;
    this.generator = generator;
    this.#numSamples = num_samples;
    checkCount(this.num_samples);
  }

  /** The number of indices. */
  get num_samples(): number {
    return this.#numSamples ?? lengthOf(this.data_source);
  }

  override get length(): number {
    return this.num_samples;
  }

  override *[Symbol.iterator](): Generator_ {
    const size = lengthOf(this.data_source);
    const generator = this.generator ?? new Generator().manual_seed(drawSeed());
    const { num_samples } = this;
    if (this.replacement) {
      for (let left = num_samples; left >= 0; left -= CHUNK) {
        const shape = [Math.min(left, CHUNK)];
        yield* numbers(randint(0, size, shape, { dtype: int64, generator }));
      }
      return;
    }
    divide(num_samples, size, 'integer division or modulo by zero');
    for (let left = num_samples; left >= 0; left -= size) {
      const order = numbers(randperm(size, { generator }));
      yield* left < size ? order.slice(0, left) : order;
    }
  }
}

/** The number of indices that Python draws at once with replacement. */
const CHUNK = 32;

function checkCount(count: number): void {
  if (count > 0) return;
  throw valueError(`num_samples should be a positive integer value, but got num_samples=${count}`);
}

const SUBSET = new Signature('SubsetRandomSampler', {
  indices: required(INDICES),
  generator: nullable(GENERATOR),
});

/** Options with a generator. */
export interface GeneratorOptions {
  /** Default: null, the default generator. */
  generator?: Generator | null | undefined;
}

/**
 * Given indices in random order.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
 */
export class SubsetRandomSampler extends Sampler {
  static readonly signature = SUBSET.description;
  readonly indices: ArrayLike<number>;
  readonly generator: Generator | null;

  constructor(indices: ArrayLike<number>, generator?: Generator | null | GeneratorOptions);
  constructor(...args: unknown[]) {
    super();
    const given = SUBSET.read(args);
    this.indices = given.indices as ArrayLike<number>;
    this.generator = given.generator;
  }

  override get length(): number {
    return this.indices.length;
  }

  override *[Symbol.iterator](): Generator_ {
    const { indices, generator } = this;
    for (const at of numbers(randperm(indices.length, { generator }))) yield indices[at]!;
  }
}

const WEIGHTED = new Signature('WeightedRandomSampler', {
  weights: required(ANYTHING),
  num_samples: required(INT),
  replacement: optional(BOOL, true),
  generator: nullable(GENERATOR),
});

export interface WeightedRandomSamplerOptions extends GeneratorOptions {
  /** Draw each index anew. Default: true. */
  replacement?: boolean | undefined;
}

/**
 * Indices drawn with given weights, which need not add up to 1.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
 *
 * @throws RangeError (ValueError) for no samples, or weights of more dimensions than 1
 */
export class WeightedRandomSampler extends Sampler {
  static readonly signature = WEIGHTED.description;
  readonly weights: Tensor;
  readonly num_samples: number;
  readonly replacement: boolean;
  readonly generator: Generator | null;

  constructor(
    weights: TensorData | Tensor,
    num_samples: number,
    replacement: boolean,
    generator?: Generator | null,
  );
  constructor(
    weights: TensorData | Tensor,
    num_samples: number,
    options?: WeightedRandomSamplerOptions,
  );
  constructor(...args: unknown[]) {
    super();
    const { weights, num_samples, replacement, generator } = WEIGHTED.read(args);
    checkCount(num_samples);
    this.weights = as_tensor(weights as Tensor, { dtype: float64 });
    const { shape } = this.weights;
    if (shape.length !== 1) {
      throw valueError(
        `weights should be a 1d sequence but given weights have shape ${tupleRepr(shape)}`,
      );
    }
    this.num_samples = num_samples;
    this.replacement = replacement;
    this.generator = generator;
  }

  override get length(): number {
    return this.num_samples;
  }

  override *[Symbol.iterator](): Generator_ {
    const { weights, num_samples, replacement, generator } = this;
    yield* numbers(multinomial(weights, num_samples, replacement, { generator }));
  }
}

const BATCH = new Signature('BatchSampler', {
  sampler: required(ITERABLE),
  batch_size: required(INT),
  drop_last: required(BOOL),
});

/**
 * The indices of another sampler in arrays of `batch_size`.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
 *
 * @param drop_last - leave out a last array that is smaller
 * @throws RangeError (ValueError) unless `batch_size` is positive
 */
export class BatchSampler<Index = number> extends Sampler<Index[]> {
  static readonly signature = BATCH.description;
  readonly sampler: Indices<Index>;
  readonly batch_size: number;
  readonly drop_last: boolean;

  constructor(sampler: Indices<Index>, batch_size: number, drop_last: boolean);
  constructor(sampler: Indices<Index>, options: { batch_size: number; drop_last: boolean });
  constructor(...args: unknown[]) {
    super();
    const { sampler, batch_size, drop_last } = BATCH.read(args);
    if (batch_size <= 0) {
      throw valueError(
        `batch_size should be a positive integer value, but got batch_size=${batch_size}`,
      );
    }
    this.sampler = sampler as Indices<Index>;
    this.batch_size = batch_size;
    this.drop_last = drop_last;
  }

  override get length(): number {
    const batches = lengthOf(this.sampler) / this.batch_size;
    return this.drop_last ? Math.floor(batches) : Math.ceil(batches);
  }

  override *[Symbol.iterator](): globalThis.Generator<Index[]> {
    let batch: Index[] = [];
    for (const index of this.sampler) {
      batch.push(index);
      if (batch.length < this.batch_size) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.drop_last) yield batch;
  }
}
