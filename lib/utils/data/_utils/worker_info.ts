/** What a worker of a loader knows about itself. Source: torch/utils/data/_utils/worker.py. */
import type { Generator } from '../../../random/generator';

/** What {@link get_worker_info} returns in a worker. */
export interface WorkerInfo<D = unknown> {
  /** The number of the worker, from 0. */
  readonly id: number;
  readonly num_workers: number;
  /** The seed of the worker's generator. It is a bigint if a number cannot hold it. */
  readonly seed: number | bigint;
  /** The worker's own copy of the dataset. */
  readonly dataset: D;
  /** The worker's own default generator. */
  readonly rng: { readonly torch_generator: Generator };
  readonly worker_method: 'thread';
}

let info: WorkerInfo | null = null;

/** @internal */
export function setWorkerInfo(own: WorkerInfo): void {
  info = Object.freeze(own);
}

/**
 * Returns what a worker of a DataLoader knows about itself, and null elsewhere. An iterable dataset uses it to read its
 * part of the data.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info
 */
export function get_worker_info<D = unknown>(): WorkerInfo<D> | null {
  return info as WorkerInfo<D> | null;
}
