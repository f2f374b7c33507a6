/** Batches of sequences without padding. Source: torch/nn/utils/rnn.py. */
import { inspect } from 'node:util';
import { assertionError, valueError } from '../../bindings/errors';
import { describe, fail } from '../../dispatch/arguments';
import { nullable, orNull, required, Signature, TENSOR, typeOf } from '../../dispatch/signature';
import type { DeviceLike } from '../../tensor/device';
import type { DType } from '../../tensor/dtype';
import * as dtypes from '../../tensor/dtype';
import { arange } from '../../tensor/factories';
import type { Tensor } from '../../tensor/tensor';
import { optionalRepr } from '../../utils/python';
import { emptyLike } from '../ops';

const INDICES = nullable(TENSOR);
const PACKED_SEQUENCE = new Signature('PackedSequence', {
  data: required(
    typeOf<Tensor | readonly [Tensor, Tensor]>(
      'a Tensor or an array of two Tensors',
      (value) => Array.isArray(value) || TENSOR.accepts(value),
    ),
  ),
  batch_sizes: INDICES,
  sorted_indices: INDICES,
  unsorted_indices: INDICES,
});

const NOT_ON_CPU =
  'batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. They should ' +
  'be instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn. ' +
  'https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence';

/**
 * A batch of sequences without padding, which every recurrent layer accepts. {@link pack_padded_sequence} and {@link
 * pack_sequence} make it.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
 */
export class PackedSequence {
  static readonly signature = PACKED_SEQUENCE.description;
  /** The elements: first the first step of every sequence, then the second step of those that have one, and so on. */
  readonly data: Tensor;
  /** The number of sequences that have each step. An int64 tensor on the CPU. */
  readonly batch_sizes: Tensor;
  /** The order of the sequences, longest first. Null if the caller gave them in this order. */
  readonly sorted_indices: Tensor | null;
  /** The inverse of `sorted_indices`. */
  readonly unsorted_indices: Tensor | null;

  constructor(
    data: Tensor,
    batch_sizes?: Tensor | null,
    sorted_indices?: Tensor | null,
    unsorted_indices?: Tensor | null,
  );
  constructor(...args: unknown[]) {
    const { data, batch_sizes, sorted_indices, unsorted_indices } = PACKED_SEQUENCE.read(args);
    if (batch_sizes === null) {
      if (!Array.isArray(data) || data.length !== 2) {
        throw assertionError('Expected data to be a list or tuple of length 2');
      }
      [this.data, this.batch_sizes] = data.map((each) => tensorOf(each, 'data')) as [
        Tensor,
        Tensor,
      ];
    } else {
      if (batch_sizes.device.type !== 'cpu') throw valueError(NOT_ON_CPU);
      this.data = tensorOf(data, 'data');
      this.batch_sizes = batch_sizes;
    }
    this.sorted_indices = sorted_indices;
    this.unsorted_indices = unsorted_indices ?? invert_permutation(sorted_indices);
  }

  /** Iterates over the four fields, as Python unpacks the named tuple. */
  *[Symbol.iterator](): IterableIterator<Tensor | null> {
    yield* [this.data, this.batch_sizes, this.sorted_indices, this.unsorted_indices];
  }

  /** Converts or moves `data`, as `Tensor.to`. Returns the same object if nothing changes. */
  to(...args: unknown[]): PackedSequence {
    const data = (this.data.to as (...args: unknown[]) => Tensor)(...args);
    if (data === this.data) return this;
    const { device } = data;
    const move = (indices: Tensor | null): Tensor | null => indices?.to(device) ?? null;
    return new PackedSequence(
      data,
      this.batch_sizes,
      move(this.sorted_indices),
      move(this.unsorted_indices),
    );
  }

  /** Moves to a CUDA device. Default: the current one. */
  cuda(device?: DeviceLike): PackedSequence {
    return this.to(device ?? 'cuda');
  }

  cpu(): PackedSequence {
    return this.to('cpu');
  }

  double(): PackedSequence {
    return this.#as(dtypes.double);
  }

  float(): PackedSequence {
    return this.#as(dtypes.float);
  }

  half(): PackedSequence {
    return this.#as(dtypes.half);
  }

  long(): PackedSequence {
    return this.#as(dtypes.long);
  }

  int(): PackedSequence {
    return this.#as(dtypes.int);
  }

  short(): PackedSequence {
    return this.#as(dtypes.short);
  }

  char(): PackedSequence {
    return this.#as(dtypes.int8);
  }

  byte(): PackedSequence {
    return this.#as(dtypes.uint8);
  }

  #as(dtype: DType): PackedSequence {
    return this.to({ dtype });
  }

  /** Whether `data` is on a CUDA device. */
  get is_cuda(): boolean {
    return this.data.is_cuda;
  }

  /** Returns Python's `repr`. */
  toString(): string {
    const fields = ['data', 'batch_sizes', 'sorted_indices', 'unsorted_indices'] as const;
    return `PackedSequence(${fields.map((name) => `${name}=${optionalRepr(this[name])}`).join(', ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function tensorOf(value: unknown, name: string): Tensor {
  if (TENSOR.accepts(value)) return value as Tensor;
  throw fail(PACKED_SEQUENCE, `argument '${name}' must be a Tensor, got ${describe(value)}`);
}

const INVERT = new Signature('invert_permutation', {
  permutation: required<Tensor | null>(orNull(TENSOR)),
});

/** Returns the inverse of a permutation: a tensor of indices, or null. */
export function invert_permutation(permutation: Tensor | null): Tensor | null;
export function invert_permutation(...args: unknown[]): Tensor | null {
  const { permutation } = INVERT.read(args);
  if (permutation === null) return null;
  const { device } = permutation;
  const inverse = emptyLike(permutation);
  return inverse.scatter_(0, permutation, arange(0, permutation.numel(), 1, { device }));
}
