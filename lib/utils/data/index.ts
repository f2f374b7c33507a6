/** `torch.utils.data`. See https://docs.pytorch.org/docs/stable/data.html */
export { type Collated, type Converted, default_collate, default_convert } from './_utils/collate';
export { get_worker_info, type WorkerInfo } from './_utils/worker_info';
export { DataLoader, type DataLoaderConstructor, type LoaderState } from './dataloader';
export {
  type Awaitable,
  ChainDataset,
  ConcatDataset,
  Dataset,
  IterableDataset,
  type IterableStyle,
  type MapStyle,
  type SampleOf,
  StackDataset,
  TensorDataset,
} from './dataset';
export { DistributedSampler, type DistributedSamplerOptions } from './distributed';
export type { DataLoaderOptions, LoaderOptions, UnbatchedOptions } from './loader_options';
export type { Position } from './position';
export {
  BatchSampler,
  type GeneratorOptions,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from './sampler';
export { random_split, Subset } from './subset';
