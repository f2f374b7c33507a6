/** Datasets. Source: torch/utils/data/dataset.py. */
import { assertionError, indexError, notImplementedError, valueError } from '../../bindings/errors';
import { isOptions } from '../../dispatch/arguments';
import { required, Signature, TENSOR, typeOf } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import {
  checked,
  checkIndices,
  ITERABLE,
  isIterableStyle,
  isThenable,
  lengthOf,
  MAP_STYLE,
} from './protocol';

/** A sample, or a promise of one. */
export type Awaitable<Sample> = Sample | Promise<Sample>;

/** What a map-style dataset has. Arrays have it too. */
export interface MapStyle<Sample> {
  readonly length: number;
  at(index: number): Awaitable<Sample>;
  __getitems__?(indices: readonly number[]): Awaitable<readonly Sample[]>;
}

/** What an iterable dataset has. Node's streams and generators have it too. */
export type IterableStyle<Sample> = AsyncIterable<Sample> | Iterable<Sample>;

/** The samples of a dataset. */
export type SampleOf<D> = D extends readonly (infer Sample)[]
  ? Sample
  : D extends { at(index: number): infer Sample }
    ? Awaited<Sample>
    : D extends IterableStyle<infer Sample>
      ? Sample
      : unknown;

/**
 * The base of map-style datasets: a subclass has `get length()` and `at(index)`, which gives a sample or a promise of
 * one. With `__getitems__(indices)`, a DataLoader gets the samples of a batch at once.
 *
 * ```ts
 * class Squares extends Dataset<number> {
 *   override get length() {
 *     return 10;
 *   }
 *   override at(index: number) {
 *     return index * index;
 *   }
 * }
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
 */
export class Dataset<Sample = unknown> {
  /** The number of samples. */
  get length(): number {
    return lengthOf(Object.create(null), this.constructor.name);
  }

  /** Returns a sample, or a promise of one. A negative index counts from the end. */
  at(_index: number): Awaitable<Sample> {
    throw notImplementedError('Subclasses of Dataset should implement at.');
  }

  /** Python's `dataset + other`. */
  __add__<Other>(other: MapStyle<Other>): ConcatDataset<Sample | Other> {
    return new ConcatDataset<Sample | Other>([this, other]);
  }
}

/**
 * The base of datasets that are read in one pass: a subclass has `[Symbol.asyncIterator]()` or `[Symbol.iterator]()`.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset
 */
export class IterableDataset<Sample = unknown> implements AsyncIterable<Sample> {
  /** The number of samples, if a subclass defines it. */
  get length(): number {
    return lengthOf(Object.create(null), this.constructor.name);
  }

  [Symbol.asyncIterator](): AsyncIterator<Sample> {
    const { [Symbol.iterator]: iterate } = this as Partial<Iterable<Sample>>;
    if (typeof iterate === 'function') return each({ [Symbol.iterator]: iterate.bind(this) });
    throw notImplementedError(
      'Subclasses of IterableDataset should implement Symbol.asyncIterator.',
    );
  }

  /** Python's `dataset + other`. */
  __add__<Other>(other: IterableStyle<Other>): ChainDataset<Sample | Other> {
    return new ChainDataset<Sample | Other>([this, other]);
  }
}

async function* each<Sample>(samples: Iterable<Sample>): AsyncGenerator<Sample> {
  yield* samples;
}

/** Calls `then` with the values, after awaiting promises among them. */
function whenAll<T>(values: readonly unknown[], then: (values: unknown[]) => T): Awaitable<T> {
  return values.some(isThenable) ? Promise.all(values).then(then) : then([...values]);
}

/** Python's `list[index]`. */
export function element<T>(list: ArrayLike<T>, index: number): T {
  const at = index < 0 ? list.length + index : index;
  if (!(at in list)) throw indexError('list index out of range');
  return list[at]!;
}

const TENSORS = typeOf<readonly Tensor[]>(
  'tensors',
  (value) => Array.isArray(value) && value.every((each) => TENSOR.accepts(each)),
);

/**
 * A dataset of the rows of tensors. A sample is an array with one row of each.
 *
 * ```ts
 * const dataset = new TensorDataset(images, labels);
 * const [image, label] = dataset.at(0);
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 *
 * @throws TorchError (AssertionError) unless the first dimensions have the same size
 */
export class TensorDataset<Tensors extends readonly Tensor[] = Tensor[]> extends Dataset<Tensors> {
  readonly tensors: Tensors;

  constructor(...tensors: Tensors) {
    super();
    checked('TensorDataset', 'tensors', TENSORS, tensors);
    if (tensors.length === 0) throw indexError('tuple index out of range');
    const size = tensors[0]!.size(0);
    if (tensors.some((tensor) => tensor.size(0) !== size)) {
      throw assertionError('Size mismatch between tensors');
    }
    this.tensors = tensors;
  }

  override get length(): number {
    return this.tensors[0]!.size(0);
  }

  override at(index: number): Tensors {
    return this.tensors.map((tensor) => tensor.index(index)) as unknown as Tensors;
  }
}

type Stacked<Datasets> = { -readonly [Key in keyof Datasets]: SampleOf<Datasets[Key]> };

/**
 * Several datasets side by side. A sample has one sample of each: an array, or an object if the datasets have names.
 *
 * ```ts
 * new StackDataset(images, texts).at(0); // [image, text]
 * new StackDataset({ image: images, text: texts }).at(0); // { image, text }
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.StackDataset
 *
 * @throws RangeError (ValueError) unless all have the same length
 */
export class StackDataset<
  Datasets extends readonly MapStyle<unknown>[] | Readonly<Record<string, MapStyle<unknown>>>,
> extends Dataset<Stacked<Datasets>> {
  readonly datasets: Datasets;
  readonly #names: readonly string[] | null;
  readonly #members: readonly MapStyle<unknown>[];
  readonly #length: number;

  constructor(
    ...datasets: Datasets extends readonly MapStyle<unknown>[] ? Datasets : [datasets: Datasets]
  ) {
    super();
    const named = datasets.at(-1);
    const byName = isOptions(named);
    if (byName && datasets.length > 1) {
      throw valueError(
        'Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, but both types ' +
          'are given.',
      );
    }
    this.datasets = (byName ? named : datasets) as Datasets;
    this.#names = byName ? Object.keys(named) : null;
    this.#members = Object.values(this.datasets) as MapStyle<unknown>[];
    if (this.#members.length === 0) throw valueError('At least one dataset should be passed');
    for (const member of this.#members) checked('StackDataset', 'datasets', MAP_STYLE, member);
    this.#length = lengthOf(this.#members[0]);
    if (this.#members.some((dataset) => lengthOf(dataset) !== this.#length)) {
      throw valueError('Size mismatch between datasets');
    }
  }

  override get length(): number {
    return this.#length;
  }

  override at(index: number): Awaitable<Stacked<Datasets>> {
    const samples = this.#members.map((dataset) => dataset.at(index));
    return whenAll(samples, (values) => this.#joined(values));
  }

  __getitems__(indices: readonly number[]): Awaitable<Stacked<Datasets>[]> {
    checkIndices(indices);
    const columns = this.#members.map((dataset) => samplesAt(dataset, indices));
    return whenAll(columns, (values) => {
      for (const samples of values as unknown[][]) {
        if (samples.length === indices.length) continue;
        throw valueError(
          `Nested dataset's output size mismatch. Expected ${indices.length}, got ${samples.length}`,
        );
      }
      return indices.map((_, row) => this.#joined((values as unknown[][]).map((all) => all[row])));
    });
  }

  #joined(samples: unknown[]): Stacked<Datasets> {
    const names = this.#names;
    if (!names) return samples as unknown as Stacked<Datasets>;
    return Object.fromEntries(
      names.map((name, index) => [name, samples[index]]),
    ) as Stacked<Datasets>;
  }
}

/** Returns the samples at some indices: at once if the dataset can do that. */
export function samplesAt<Sample>(
  dataset: MapStyle<Sample>,
  indices: readonly number[],
): Awaitable<readonly Sample[]> {
  if (typeof dataset.__getitems__ === 'function') return dataset.__getitems__(indices);
  return whenAll(
    indices.map((index) => dataset.at(index)),
    (samples) => samples as Sample[],
  );
}

const CONCAT = new Signature('ConcatDataset', { datasets: required(ITERABLE) });

/**
 * Map-style datasets one after another.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
 *
 * @throws TorchError (AssertionError) without a dataset, or with an iterable one
 */
export class ConcatDataset<Sample = unknown> extends Dataset<Sample> {
  static readonly signature = CONCAT.description;
  readonly datasets: readonly MapStyle<Sample>[];
  readonly cumulative_sizes: readonly number[];

  constructor(datasets: Iterable<MapStyle<Sample>>) {
    super();
    this.datasets = [...CONCAT.read([datasets]).datasets] as MapStyle<Sample>[];
    if (this.datasets.length === 0) {
      throw assertionError('datasets should not be an empty iterable');
    }
    if (this.datasets.some(isIterableStyle)) {
      throw assertionError('ConcatDataset does not support IterableDataset');
    }
    for (const dataset of this.datasets) checked('ConcatDataset', 'datasets', MAP_STYLE, dataset);
    let total = 0;
    this.cumulative_sizes = this.datasets.map((dataset) => (total += lengthOf(dataset)));
  }

  override get length(): number {
    return this.cumulative_sizes.at(-1)!;
  }

  override at(index: number): Awaitable<Sample> {
    const { cumulative_sizes: sizes, length } = this;
    if (index < -length) {
      throw valueError('absolute value of index should not exceed dataset length');
    }
    const from = index < 0 ? length + index : index;
    const which = sizes.findIndex((size) => from < size);
    return element(this.datasets, which < 0 ? sizes.length : which).at(
      from - (sizes[which - 1] ?? 0),
    );
  }
}

const CHAIN = new Signature('ChainDataset', { datasets: required(ITERABLE) });

/**
 * Iterable datasets one after another.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ChainDataset
 */
export class ChainDataset<Sample = unknown> extends IterableDataset<Sample> {
  static readonly signature = CHAIN.description;
  readonly datasets: Iterable<IterableStyle<Sample>>;

  constructor(datasets: Iterable<IterableStyle<Sample>>) {
    super();
    this.datasets = CHAIN.read([datasets]).datasets as Iterable<IterableStyle<Sample>>;
  }

  override get length(): number {
    let total = 0;
    for (const dataset of this.datasets) total += lengthOf(iterable(dataset));
    return total;
  }

  override async *[Symbol.asyncIterator](): AsyncGenerator<Sample> {
    for (const dataset of this.datasets) yield* iterable(dataset);
  }
}

function iterable<Sample>(dataset: IterableStyle<Sample>): IterableStyle<Sample> {
  if (isIterableStyle(dataset)) return dataset;
  throw assertionError('ChainDataset only supports IterableDataset');
}
