/** Loads batches of a dataset. Source: torch/utils/data/dataloader.py. */
import { typeError, valueError } from '../../bindings/errors';
import { describe } from '../../dispatch/arguments';
import { TENSOR } from '../../dispatch/signature';
import type { Generator } from '../../random/generator';
import { tensor } from '../../tensor/creation';
import { uint8 } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { type Collated, type Converted, default_collate, default_convert } from './_utils/collate';
import type { SampleOf } from './dataset';
import { type Iteration, type Loading, SingleIteration } from './iterators';
import {
  checkWorkers,
  type DataLoaderOptions,
  datasetOf,
  SIGNATURE,
  samplersOf,
  type UnbatchedOptions,
  warnAboutWorkers,
} from './loader_options';
import { Generators, type Position } from './position';
import { asData, isIterableStyle, lengthOf } from './protocol';
import { WorkerIteration } from './worker_iteration';

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
