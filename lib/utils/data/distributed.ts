/** The sampler of a process of several. Source: torch/utils/data/distributed.py. */
import { valueError } from '../../bindings/errors';
import {
  ANYTHING,
  BOOL,
  INT,
  nullable,
  optional,
  required,
  Signature,
} from '../../dispatch/signature';
import { Generator } from '../../random/generator';
import { randperm } from '../../tensor/factories';
import { asData, lengthOf } from './protocol';
import { Sampler, type Sized } from './sampler';

const SIGNATURE = new Signature('DistributedSampler', {
  dataset: required(ANYTHING),
  num_replicas: nullable(INT),
  rank: nullable(INT),
  shuffle: optional(BOOL, true),
  seed: optional(INT, 0),
  drop_last: optional(BOOL, false),
});

export interface DistributedSamplerOptions {
  /** The number of processes. Default: null, that of the default group. */
  num_replicas?: number | null | undefined;
  /** The number of this process. Default: null, its rank in the default group. */
  rank?: number | null | undefined;
  /** Default: true. */
  shuffle?: boolean | undefined;
  /** The seed of the order, which must be the same in all processes. Default: 0. */
  seed?: number | undefined;
  /** Drop the tail that cannot be divided evenly, in place of repeating indices. Default: false. */
  drop_last?: boolean | undefined;
}

/** What the sampler asks about the default group, if the user does not say it. */
const ofGroup = (): typeof import('../../distributed/process_group') =>
  require('../../distributed/process_group');

/**
 * The part of the indices that one process of several reads. Call `set_epoch` before each epoch for another order.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler
 *
 * @throws RangeError (ValueError) for a rank that is not below the number of replicas
 */
export class DistributedSampler extends Sampler {
  static readonly signature = SIGNATURE.description;
  readonly dataset: Sized;
  readonly num_replicas: number;
  readonly rank: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly drop_last: boolean;
  readonly num_samples: number;
  readonly total_size: number;
  epoch = 0;

  constructor(
    dataset: Sized,
    num_replicas: number | null,
    rank?: number | null,
    shuffle?: boolean,
    seed?: number,
    drop_last?: boolean,
  );
  constructor(dataset: Sized, options?: DistributedSamplerOptions);
  constructor(...args: unknown[]) {
    super();
    const { dataset, num_replicas, rank, shuffle, seed, drop_last } = SIGNATURE.read(asData(args));
    this.dataset = dataset as Sized;
    this.num_replicas = num_replicas ?? ofGroup().get_world_size();
    this.rank = rank ?? ofGroup().get_rank();
    if (this.rank >= this.num_replicas || this.rank < 0) {
      throw valueError(
        `Invalid rank ${this.rank}, rank should be in the interval [0, ${this.num_replicas - 1}]`,
      );
    }
    this.shuffle = shuffle;
    this.seed = seed;
    this.drop_last = drop_last;
    const size = lengthOf(dataset);
    this.num_samples = drop_last
      ? Math.floor(size / this.num_replicas)
      : Math.ceil(size / this.num_replicas);
    this.total_size = this.num_samples * this.num_replicas;
  }

  override get length(): number {
    return this.num_samples;
  }

  override *[Symbol.iterator](): globalThis.Generator<number> {
    const size = lengthOf(this.dataset);
    const order = this.shuffle ? this.#shuffled(size) : undefined;
    for (let at = this.rank; at < this.total_size; at += this.num_replicas) {
      const index = at % size; // indices are repeated at the end
      yield order?.[index] ?? index;
    }
  }

  #shuffled(size: number): number[] {
    const generator = new Generator().manual_seed(this.seed + this.epoch);
    return randperm(size, { generator }).tolist() as number[];
  }

  /** Sets the number of the epoch, on which the order depends. */
  set_epoch(epoch: number): void {
    this.epoch = SET_EPOCH.read([epoch]).epoch;
  }
}

const SET_EPOCH = new Signature('set_epoch', { epoch: required(INT) });
