/** `torch.utils`. Its parts are loaded on first use. */

import type { Tensor } from '../tensor/tensor';
import type * as checkpoints from './checkpointing';
import type * as datasets from './data';
import type * as arrays from './numpy';
import { onFirstUse } from './on_first_use';
import type * as events from './tensorboard';

/** Datasets, samplers and loaders. See https://docs.pytorch.org/docs/stable/data.html */
export declare const data: typeof datasets;
export declare namespace data {
  export type Awaitable<Sample> = datasets.Awaitable<Sample>;
  export type BatchSampler<Index = number> = datasets.BatchSampler<Index>;
  export type ChainDataset<Sample = unknown> = datasets.ChainDataset<Sample>;
  export type Collated<Sample> = datasets.Collated<Sample>;
  export type ConcatDataset<Sample = unknown> = datasets.ConcatDataset<Sample>;
  export type DataLoader<D, Batch = datasets.Collated<datasets.SampleOf<D>>> = datasets.DataLoader<
    D,
    Batch
  >;
  export type DataLoaderOptions<D, Batch> = datasets.DataLoaderOptions<D, Batch>;
  export type Dataset<Sample = unknown> = datasets.Dataset<Sample>;
  export type DistributedSampler = datasets.DistributedSampler;
  export type IterableDataset<Sample = unknown> = datasets.IterableDataset<Sample>;
  export type LoaderState = datasets.LoaderState;
  export type MapStyle<Sample> = datasets.MapStyle<Sample>;
  export type RandomSampler = datasets.RandomSampler;
  export type SampleOf<D> = datasets.SampleOf<D>;
  export type Sampler<Index = number> = datasets.Sampler<Index>;
  export type SequentialSampler = datasets.SequentialSampler;
  export type Subset<Sample = unknown> = datasets.Subset<Sample>;
  export type SubsetRandomSampler = datasets.SubsetRandomSampler;
  export type TensorDataset<Tensors extends readonly Tensor[] = Tensor[]> =
    datasets.TensorDataset<Tensors>;
  export type WeightedRandomSampler = datasets.WeightedRandomSampler;
  export type WorkerInfo<D = unknown> = datasets.WorkerInfo<D>;
}
onFirstUse(exports, 'data', () => require('./data'));

/** Saves the state of a training, and continues from it. */
export declare const checkpointing: typeof checkpoints;
export declare namespace checkpointing {
  export type Checkpointer<Values extends Record<string, unknown> = Record<string, unknown>> =
    checkpoints.Checkpointer<Values>;
  export type CheckpointerOptions = checkpoints.CheckpointerOptions;
  export type Stateful = checkpoints.Stateful;
}
onFirstUse(exports, 'checkpointing', () => require('./checkpointing'));

/** Numpy's files: `load`, `save`, `savez`. */
export declare const numpy: typeof arrays;
export declare namespace numpy {
  export type LoadOptions = arrays.LoadOptions;
  export type NpzFile = arrays.NpzFile;
}
onFirstUse(exports, 'numpy', () => require('./numpy'));

/** Writes what TensorBoard shows. See https://docs.pytorch.org/docs/stable/tensorboard.html */
export declare const tensorboard: typeof events;
export declare namespace tensorboard {
  export type ScalarValue = events.ScalarValue;
  export type SummaryWriter = events.SummaryWriter;
  export type SummaryWriterOptions = events.SummaryWriterOptions;
}
onFirstUse(exports, 'tensorboard', () => require('./tensorboard'));
