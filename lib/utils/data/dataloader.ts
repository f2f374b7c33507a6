/** Loads batches of a dataset. Source: torch/utils/data/dataloader.py. */
import { availableParallelism } from 'node:os';

import { typeError, valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import { describe } from '../../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  FUNCTION,
  GENERATOR,
  INT,
  option,
  optional,
  orNull,
  required,
  Signature,
  STRING,
  TENSOR,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Generator } from '../../random/generator';
import { tensor } from '../../tensor/creation';
import { uint8 } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { type Collated, type Converted, default_collate, default_convert } from './_utils/collate';
import { type DatasetModule, loadDataset } from './_utils/dataset_module';
import type { SampleOf } from './dataset';
import { type Iteration, type Loading, SingleIteration } from './iterators';
import { Generators, type Position } from './position';
import { asData, ITERABLE, isIterableStyle, isMapStyle, lengthOf } from './protocol';
import { BatchSampler, RandomSampler, SequentialSampler, type Sized } from './sampler';
import { WorkerIteration } from './worker_iteration';

const DECLARATIONS = {
  dataset: required(ANYTHING),
  batch_size: optional<number | null>(orNull(INT), 1),
  shuffle: optional<boolean | null>(orNull(BOOL), null),
  sampler: optional<Iterable<unknown> | null>(orNull(ITERABLE), null),
  batch_sampler: optional<Iterable<unknown> | null>(orNull(ITERABLE), null),
  num_workers: optional(INT, 0),
  collate_fn: optional<unknown>(orNull(FUNCTION), null),
  pin_memory: optional(BOOL, false),
  drop_last: optional(BOOL, false),
  timeout: optional(FLOAT, 0),
  worker_init_fn: optional<unknown>(orNull(FUNCTION), null),
  multiprocessing_context: optional<unknown>(ANYTHING, null),
  generator: optional<Generator | null>(orNull(GENERATOR), null),
  prefetch_factor: option<number | null>(orNull(INT), null),
  persistent_workers: option(BOOL, false),
  pin_memory_device: option(STRING, ''),
  in_order: option(BOOL, true),
};

const SIGNATURE = new Signature('DataLoader', DECLARATIONS);
type Values = ValuesOf<typeof DECLARATIONS>;

/** The options of a {@link DataLoader} that do not depend on the type of samples. */
export interface LoaderOptions {
  /** Read in random order. Default: false. */
  shuffle?: boolean | null | undefined;
  /** The indices in the order in which they are read. Default: null, by `shuffle`. */
  sampler?: Iterable<unknown> | null | undefined;
  /** The indices of each batch, in place of `batch_size`, `shuffle`, `sampler` and `drop_last`. Default: null. */
  batch_sampler?: Iterable<unknown> | null | undefined;
  /** The number of worker threads, which need the dataset as a module. Default: 0, this thread. */
  num_workers?: number | undefined;
  /** Copy the batches to pinned memory. Default: false. */
  pin_memory?: boolean | undefined;
  /** Leave out a last batch that is smaller. Default: false. */
  drop_last?: boolean | undefined;
  /** The seconds to wait for a batch of a worker. Default: 0, for ever. */
  timeout?: number | undefined;
  /** Not for worker threads: the module of the dataset exports it. */
  worker_init_fn?: null | undefined;
  /** Worker threads have none. */
  multiprocessing_context?: null | undefined;
  /** Draws the order, and the seed of workers. Default: null, the default generator. */
  generator?: Generator | null | undefined;
  /** The number of batches that each worker loads ahead. Default: null, which is 2 with workers. */
  prefetch_factor?: number | null | undefined;
  /** Keep the workers after a pass, for the next one. Default: false. */
  persistent_workers?: boolean | undefined;
  /** Deprecated. */
  pin_memory_device?: string | undefined;
  /** Give the batches of workers in order. Default: true. */
  in_order?: boolean | undefined;
}

/** The options of a {@link DataLoader} of batches. */
export interface DataLoaderOptions<D, Batch> extends LoaderOptions {
  /** The number of samples of a batch. Default: 1. */
  batch_size?: number | undefined;
  /** Makes a batch of samples. Default: null, {@link default_collate}. With workers, the module exports it. */
  collate_fn?: ((samples: SampleOf<D>[]) => Batch) | null | undefined;
}

/** The options of a {@link DataLoader} of samples. */
export interface UnbatchedOptions<D, Data> extends LoaderOptions {
  batch_size: null;
  batch_sampler?: null | undefined;
  /** Converts a sample. Default: null, {@link default_convert}. With workers, the module exports it. */
  collate_fn?: ((sample: SampleOf<D>) => Data) | null | undefined;
}

/** Attributes that cannot be set. */
const FIXED = [
  'batch_size',
  'batch_sampler',
  'sampler',
  'drop_last',
  'dataset',
  'persistent_workers',
] as const;

/** What {@link DataLoader.state_dict} gives. */
export interface LoaderState {
  /** The states of the generators of the loader and its samplers. */
  readonly generators: readonly Tensor[];
  /** Null between passes. */
  readonly position: Position | null;
}

class Loader<D, Batch> implements AsyncIterable<Batch> {
  static readonly signature = SIGNATURE.description;
  /** The dataset. If it was given as a module, it is this thread's own. */
  declare readonly dataset: D;
  declare readonly batch_size: number | null;
  declare readonly drop_last: boolean;
  declare readonly sampler: Iterable<unknown>;
  declare readonly batch_sampler: Iterable<unknown> | null;
  declare readonly persistent_workers: boolean;
  num_workers: number;
  prefetch_factor: number | null;
  pin_memory: boolean;
  pin_memory_device: string;
  timeout: number;
  worker_init_fn: null = null;
  multiprocessing_context: null = null;
  in_order: boolean;
  generator: Generator | null;
  collate_fn: (samples: never) => unknown;
  /** Functions that are called between batches. @internal */
  readonly _atBoundary = new Set<() => void>();
  readonly #module: string | null;
  #reportedLength: number | null = null;
  #iteration: WeakRef<Iteration<Batch>> | null = null;
  #persistent: WorkerIteration<Batch> | null = null;
  #begun: readonly Tensor[] = [];
  #resumed: Position | null = null;

  constructor(...args: unknown[]) {
    const values = SIGNATURE.read(asData(args));
    checkWorkers(values);
    const { dataset: given, module, exported } = datasetOf(values);
    const isIterable = isIterableStyle(given);
    const { batch_size, batch_sampler, sampler, drop_last } = samplersOf(given, isIterable, values);
    this.#module = module;
    this.num_workers = values.num_workers;
    this.prefetch_factor = values.prefetch_factor ?? (values.num_workers > 0 ? 2 : null);
    this.pin_memory = values.pin_memory;
    this.pin_memory_device = values.pin_memory_device;
    this.timeout = values.timeout;
    this.in_order = values.in_order;
    this.generator = values.generator;
    const collate = values.collate_fn ?? exported?.collate_fn;
    this.collate_fn = (collate ?? (batch_sampler ? default_collate : default_convert)) as never;
    const { persistent_workers } = values;
    const fixed = {
      batch_size,
      batch_sampler,
      sampler,
      drop_last,
      dataset: given,
      persistent_workers,
    };
    for (const name of FIXED) fix(this, name, fixed[name]);
    warnAboutWorkers(this.num_workers);
  }

  /** The number of batches. */
  get length(): number {
    if (!isIterableStyle(this.dataset)) return lengthOf(this.#indices);
    const length = lengthOf(this.dataset);
    this.#reportedLength = length;
    if (this.batch_size === null) return length;
    const batches = length / this.batch_size;
    return this.drop_last ? Math.floor(batches) : Math.ceil(batches);
  }

  get #indices(): Iterable<unknown> {
    return this.batch_sampler ?? this.sampler;
  }

  #loading(): Loading {
    return {
      dataset: this.dataset,
      auto_collation: this.batch_sampler !== null,
      collate_fn: this.collate_fn,
      drop_last: this.drop_last,
      num_workers: this.num_workers,
      prefetch_factor: this.prefetch_factor,
      persistent_workers: this.persistent_workers,
      pin_memory: this.pin_memory,
      pin_memory_device: this.pin_memory_device,
      timeout: this.timeout,
      in_order: this.in_order,
      generator: this.generator,
      indices: this.#indices,
      module: this.#module,
      reportedLength: this.#reportedLength,
      atBoundary: () => {
        for (const callback of [...this._atBoundary]) callback();
      },
    };
  }

  /** Begins a pass over the dataset. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Batch> {
    const resumed = this.#resumed;
    this.#resumed = null;
    const generators = this.#generators;
    const now = generators.states;
    this.#begun = resumed?.begun ?? now;
    if (!resumed) return this.#begin(null);
    generators.states = resumed.begun;
    try {
      return this.#begin(resumed);
    } finally {
      generators.states = now;
    }
  }

  get #generators(): Generators {
    const { sampler, batch_sampler } = this;
    const inner = (batch_sampler as { sampler?: unknown } | null)?.sampler;
    return new Generators([this, sampler, batch_sampler, inner]);
  }

  #begin(resumed: Position | null): Iteration<Batch> {
    const iteration = this.#iterationFrom(resumed);
    this.#iteration = new WeakRef(iteration);
    return iteration;
  }

  #iterationFrom(resumed: Position | null): Iteration<Batch> {
    if (this.num_workers === 0) return new SingleIteration(this.#loading(), resumed);
    if (this.#persistent && !resumed) {
      this.#persistent.restart();
      return this.#persistent;
    }
    warnAboutWorkers(this.num_workers);
    const iteration = new WorkerIteration<Batch>(this.#loading(), resumed);
    if (this.persistent_workers) {
      void this.#persistent?.end();
      this.#persistent = iteration;
    }
    return iteration;
  }

  /**
   * Returns the position in the current pass, with which another loader continues: {@link load_state_dict}. Call it
   * between two batches.
   */
  state_dict(): LoaderState {
    const [, ...generators] = this.#generators.states;
    const iteration = this.#iteration?.deref();
    if (!iteration || iteration.isFinished) return { generators, position: this.#resumed };
    const { num_yielded } = iteration;
    const states = iteration instanceof WorkerIteration ? iteration.worker_states : [];
    const worker_states = states.map((state) => state && tensor(state, { dtype: uint8 }));
    return { generators, position: { begun: this.#begun, num_yielded, worker_states } };
  }

  /**
   * Makes the next pass continue where `state_dict` was called. The batches, and what is drawn from the generators, are
   * the same as if the pass had not been interrupted, if the default generator's state is the same too. An iterable
   * dataset is read again up to that position.
   */
  load_state_dict(state_dict: LoaderState): void {
    const { position, generators } = (state_dict ?? {}) as Partial<LoaderState>;
    if (!isStates(generators) || (position !== null && !isPosition(position))) {
      throw typeError(
        `load_state_dict(): argument 'state_dict' must be what state_dict() gave, got ${describe(state_dict)}`,
      );
    }
    const own = this.#generators;
    own.states = [own.states[0]!, ...generators];
    this.#resumed = position;
  }

  /** Ends persistent workers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#persistent?.end();
    this.#persistent = null;
  }
}

const isStates = (value: unknown): value is readonly Tensor[] =>
  Array.isArray(value) && value.every(TENSOR.accepts);

function isPosition(value: unknown): value is Position {
  const position = value as Partial<Position> | undefined;
  return (
    Number.isSafeInteger(position?.num_yielded) &&
    isStates(position?.begun) &&
    Array.isArray(position?.worker_states)
  );
}

function checkWorkers(values: Values): void {
  const { num_workers, timeout, prefetch_factor, persistent_workers } = values;
  if (num_workers < 0) {
    throw valueError(
      'num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.',
    );
  }
  if (timeout < 0) throw valueError('timeout option should be non-negative');
  if (num_workers === 0 && prefetch_factor !== null) {
    throw valueError(
      'prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable ' +
        'multiprocessing, otherwise set prefetch_factor to None.',
    );
  }
  if (prefetch_factor !== null && prefetch_factor < 0) {
    throw valueError('prefetch_factor option should be non-negative');
  }
  if (persistent_workers && num_workers === 0) {
    throw valueError('persistent_workers option needs num_workers > 0');
  }
  checkContext(values);
}

function checkContext({ multiprocessing_context: context, num_workers }: Values): void {
  if (context === null) return;
  if (num_workers === 0) {
    throw valueError(
      'multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got num_workers=0',
    );
  }
  throw typeError(
    `DataLoader(): argument 'multiprocessing_context' must be null, since workers are threads, got ${describe(context)}`,
  );
}

interface Given {
  readonly dataset: unknown;
  readonly module: string | null;
  readonly exported?: DatasetModule;
}

/** Returns the dataset, which is loaded if it was given as a module. */
function datasetOf({ dataset, num_workers, collate_fn, worker_init_fn }: Values): Given {
  if (dataset instanceof URL) {
    if (num_workers > 0) checkFunctions({ collate_fn, worker_init_fn });
    const exported = loadDataset(dataset.href);
    return { dataset: exported.dataset, module: dataset.href, exported };
  }
  if (!isMapStyle(dataset) && !isIterableStyle(dataset)) {
    throw typeError(
      `DataLoader(): argument 'dataset' must have at(index) or be iterable, or be the URL of a module, got ${describe(dataset)}`,
    );
  }
  if (num_workers === 0) return { dataset, module: null };
  throw typeError(
    "DataLoader(): with num_workers > 0, argument 'dataset' must be the URL of a module whose default export makes the " +
      `dataset, such as new URL('./data.js', import.meta.url), got ${describe(dataset)}: a live object cannot go to ` +
      'another thread',
  );
}

function checkFunctions(functions: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(functions)) {
    if (value === null) continue;
    throw typeError(
      `DataLoader(): with num_workers > 0, argument '${name}' must be an export of the dataset's module, got ` +
        `${describe(value)}: a function cannot go to another thread`,
    );
  }
}

/** Yields null for ever: an iterable dataset needs no indices. */
const ENDLESS: Iterable<null> = {
  *[Symbol.iterator]() {
    for (;;) yield null;
  },
};

type Samplers = Pick<Values, 'batch_size' | 'batch_sampler' | 'drop_last'> & {
  sampler: Iterable<unknown>;
};

function samplersOf(dataset: unknown, isIterable: boolean, values: Values): Samplers {
  const { shuffle, sampler, batch_sampler, batch_size, drop_last, generator } = values;
  if (isIterable) checkIterable(values);
  if (sampler !== null && shuffle) {
    throw valueError('sampler option is mutually exclusive with shuffle');
  }
  if (batch_sampler !== null && (batch_size !== 1 || shuffle || sampler !== null || drop_last)) {
    throw valueError(
      'batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last',
    );
  }
  if (batch_size === null && drop_last) {
    throw valueError(
      'batch_size=None option disables auto-batching and is mutually exclusive with drop_last',
    );
  }
  const indices = sampler ?? (isIterable ? ENDLESS : orderOf(dataset as Sized, shuffle, generator));
  if (batch_sampler !== null)
    return { batch_size: null, batch_sampler, sampler: indices, drop_last };
  const batches = batch_size === null ? null : new BatchSampler(indices, batch_size, drop_last);
  return { batch_size, batch_sampler: batches, sampler: indices, drop_last };
}

const orderOf = (
  dataset: Sized,
  shuffle: boolean | null,
  generator: Generator | null,
): Iterable<number> =>
  shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset);

function checkIterable({ shuffle, sampler, batch_sampler }: Values): void {
  const refuse = (name: string, value: unknown): never => {
    throw valueError(
      `DataLoader with IterableDataset: expected unspecified ${name} option, but got ${name}=${value}`,
    );
  };
  if (shuffle) refuse('shuffle', 'True');
  if (sampler !== null) refuse('sampler', describe(sampler));
  if (batch_sampler !== null) refuse('batch_sampler', describe(batch_sampler));
}

/** Defines an attribute that cannot be set, as in Python. */
function fix(loader: object, name: string, value: unknown): void {
  Object.defineProperty(loader, name, {
    enumerable: true,
    get: () => value,
    set() {
      const { name: className } = loader.constructor;
      throw valueError(`${name} attribute should not be set after ${className} is initialized`);
    },
  });
}

function warnAboutWorkers(num_workers: number): void {
  const most = availableParallelism();
  if (num_workers <= most) return;
  warn(
    `This DataLoader will create ${num_workers} worker processes in total. Our suggested max number of worker in ` +
      `current system is ${most}, which is smaller than what this DataLoader is going to create. Please be aware that ` +
      'excessive worker creation might get DataLoader running slow or even freeze, lower the worker number to avoid ' +
      'potential slowness/freeze if necessary.',
    'UserWarning',
    'user',
  );
}

/** Makes loaders. */
export interface DataLoaderConstructor {
  readonly signature: typeof SIGNATURE.description;
  readonly prototype: Loader<unknown, unknown>;
  new <D, Data = Converted<SampleOf<D>>>(
    dataset: D | URL,
    options: UnbatchedOptions<D, Data>,
  ): Loader<D, Data>;
  new <D, Batch = Collated<SampleOf<D>>>(
    dataset: D | URL,
    options?: DataLoaderOptions<D, Batch>,
  ): Loader<D, Batch>;
  new <D, Batch = Collated<SampleOf<D>>>(
    dataset: D | URL,
    batch_size: number,
    options?: Omit<DataLoaderOptions<D, Batch>, 'batch_size'>,
  ): Loader<D, Batch>;
  new <D, Batch = Collated<SampleOf<D>>>(
    dataset: D | URL,
    batch_size: number,
    shuffle: boolean | null,
    options?: Omit<DataLoaderOptions<D, Batch>, 'batch_size' | 'shuffle'>,
  ): Loader<D, Batch>;
}

Object.defineProperty(Loader, 'name', { value: 'DataLoader' });

/**
 * Loads batches of a dataset, in Python's order under the same seed. It is an async iterable: each `for await` is a pass
 * over the dataset.
 *
 * ```ts
 * const loader = new DataLoader(new TensorDataset(images, labels), { batch_size: 32, shuffle: true });
 * for await (const [image, label] of loader) { … }
 * ```
 *
 * With `num_workers`, threads load the batches ahead. The dataset is then given as a module, which each of them loads:
 * its default export makes the dataset, and it may export `collate_fn` and `worker_init_fn`. Memory of tensors is shared,
 * not copied. Each worker has a default generator of its own, with Python's seed.
 *
 * A source may be a dataset with `at(index)` and `length`, an array, or anything that is iterable, such as a stream.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 *
 * @throws RangeError (ValueError) for options that exclude each other; TypeError for a live dataset with `num_workers`
 */
export const DataLoader = Loader as unknown as DataLoaderConstructor;
export type DataLoader<D, Batch = Collated<SampleOf<D>>> = Loader<D, Batch>;
