/** The options of a DataLoader, and their checks. Source: torch/utils/data/dataloader.py. */
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
  nullable,
  option,
  optional,
  orNull,
  required,
  Signature,
  STRING,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Generator } from '../../random/generator';
import { type DatasetModule, loadDataset } from './_utils/dataset_module';
import type { SampleOf } from './dataset';
import { ITERABLE, isIterableStyle, isMapStyle } from './protocol';
import { BatchSampler, RandomSampler, SequentialSampler, type Sized } from './sampler';

const DECLARATIONS = {
  dataset: required(ANYTHING),
  batch_size: optional<number | null>(orNull(INT), 1),
  shuffle: nullable(BOOL),
  sampler: nullable(ITERABLE),
  batch_sampler: nullable(ITERABLE),
  num_workers: optional(INT, 0),
  collate_fn: nullable(FUNCTION),
  pin_memory: optional(BOOL, false),
  drop_last: optional(BOOL, false),
  timeout: optional(FLOAT, 0),
  worker_init_fn: nullable(FUNCTION),
  multiprocessing_context: optional<unknown>(ANYTHING, null),
  generator: nullable(GENERATOR),
  prefetch_factor: option<number | null>(orNull(INT), null),
  persistent_workers: option(BOOL, false),
  pin_memory_device: option(STRING, ''),
  in_order: option(BOOL, true),
};

export const SIGNATURE = new Signature('DataLoader', DECLARATIONS);
type Values = ValuesOf<typeof DECLARATIONS>;

/** The options of a `DataLoader` that do not depend on the type of samples. */
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

/** The options of a `DataLoader` of batches. */
export interface DataLoaderOptions<D, Batch> extends LoaderOptions {
  /** The number of samples of a batch. Default: 1. */
  batch_size?: number | undefined;
  /** Makes a batch of samples. Default: null, `default_collate`. With workers, the module exports it. */
  collate_fn?: ((samples: SampleOf<D>[]) => Batch) | null | undefined;
}

/** The options of a `DataLoader` of samples. */
export interface UnbatchedOptions<D, Data> extends LoaderOptions {
  batch_size: null;
  batch_sampler?: null | undefined;
  /** Converts a sample. Default: null, `default_convert`. With workers, the module exports it. */
  collate_fn?: ((sample: SampleOf<D>) => Data) | null | undefined;
}

export function checkWorkers(values: Values): void {
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
export function datasetOf({ dataset, num_workers, collate_fn, worker_init_fn }: Values): Given {
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

/** Returns the samplers that the options ask for. */
export function samplersOf(dataset: unknown, isIterable: boolean, values: Values): Samplers {
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

/** Warns if there are more workers than processors. */
export function warnAboutWorkers(num_workers: number): void {
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
