/** Sequences of different lengths in one tensor. Source: torch/nn/utils/rnn.py. */
import { runtimeError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe, fail } from '../../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  INT,
  INTS,
  nullable,
  optional,
  required,
  Signature,
  STRING,
  TENSOR,
  type Type,
  typeOf,
} from '../../dispatch/signature';
import { tensor } from '../../tensor/creation';
import * as dtypes from '../../tensor/dtype';
import { arange } from '../../tensor/factories';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';
import { PackedSequence } from './packed_sequence';

export { invert_permutation, PackedSequence } from './packed_sequence';

const PACKED = typeOf<PackedSequence>(
  'a PackedSequence',
  (value) => value instanceof PackedSequence,
);

// --- padded and packed ----------------------------------------------------------------------------------------------

const BATCH_FIRST = { batch_first: optional(BOOL, false) };
const ENFORCE_SORTED = { enforce_sorted: optional(BOOL, true) };

const PACK_PADDED = new Signature('pack_padded_sequence', {
  input: required(TENSOR),
  lengths: required(
    typeOf<Tensor | readonly number[]>(
      'a Tensor or an array of integers',
      (value) => TENSOR.accepts(value) || INTS.accepts(value),
    ),
  ),
  ...BATCH_FIRST,
  ...ENFORCE_SORTED,
});

type Pair = [Tensor, Tensor];
const packPadded =
  op<(input: Tensor, lengths: Tensor, batch_first: boolean) => Pair>('_pack_padded_sequence');

export interface PackOptions {
  /** Whether the lengths must be in decreasing order. If false, the sequences are sorted. Default: true. */
  enforce_sorted?: boolean | undefined;
}

export interface BatchFirstOption {
  /** Whether the batch is the first dimension, and the step the second. Default: false, the other way round. */
  batch_first?: boolean | undefined;
}

/**
 * Packs a padded batch of sequences.
 *
 * Shapes: input (T, N, *), or (N, T, *) with `batch_first`; lengths (N).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
 *
 * @param lengths - the length of each sequence, in a tensor on the CPU or an array
 * @throws TorchError (RuntimeError) for lengths that are not in decreasing order, unless `enforce_sorted` is false
 */
export function pack_padded_sequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  options?: BatchFirstOption & PackOptions,
): PackedSequence;
export function pack_padded_sequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  batch_first: boolean,
  enforce_sorted?: boolean | PackOptions,
): PackedSequence;
export function pack_padded_sequence(...args: unknown[]): PackedSequence {
  const { input, lengths, batch_first, enforce_sorted } = PACK_PADDED.read(args);
  const given = isTensor(lengths)
    ? (lengths as Tensor).to(dtypes.int64)
    : tensor([...(lengths as readonly number[])], { dtype: dtypes.int64, device: 'cpu' });
  if (enforce_sorted) return pack(input, given, batch_first, null);
  const { values, indices } = given.sort(-1, true);
  const order = indices.to(input.device);
  return pack(input.index_select(batch_first ? 0 : 1, order), values, batch_first, order);
}

function pack(
  input: Tensor,
  lengths: Tensor,
  batch_first: boolean,
  sorted_indices: Tensor | null,
): PackedSequence {
  const [data, batch_sizes] = packPadded(input, lengths, batch_first);
  return new PackedSequence(data, batch_sizes, sorted_indices);
}

const PAD_PACKED = new Signature('pad_packed_sequence', {
  sequence: required(PACKED),
  ...BATCH_FIRST,
  padding_value: optional(FLOAT, 0),
  total_length: nullable(INT),
});

const padPacked =
  op<
    (
      data: Tensor,
      batch_sizes: Tensor,
      batch_first: boolean,
      padding_value: number,
      total_length: number,
    ) => Pair
  >('_pad_packed_sequence');

export interface PadPackedOptions extends BatchFirstOption {
  /** The value after the end of a sequence. Default: 0. */
  padding_value?: number | undefined;
  /** The number of steps of the result. Default: null, the length of the longest sequence. */
  total_length?: number | null | undefined;
}

/**
 * Pads a packed batch of sequences, in the order in which they were packed.
 *
 * Shapes: output (T, N, *), or (N, T, *) with `batch_first`; lengths (N).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
 *
 * @throws RangeError (ValueError) for a `total_length` below the longest length
 */
export function pad_packed_sequence(
  sequence: PackedSequence,
  options?: PadPackedOptions,
): [output: Tensor, lengths: Tensor];
export function pad_packed_sequence(
  sequence: PackedSequence,
  batch_first: boolean,
  padding_value?: number,
  total_length?: number | null,
): [output: Tensor, lengths: Tensor];
export function pad_packed_sequence(...args: unknown[]): [Tensor, Tensor] {
  const { sequence, batch_first, padding_value, total_length } = PAD_PACKED.read(args);
  const { data, batch_sizes, unsorted_indices } = sequence;
  const longest = batch_sizes.size(0);
  if (total_length !== null && total_length < longest) {
    throw valueError(
      'Expected total_length to be at least the length of the longest sequence in input, but got ' +
        `total_length=${total_length} and max sequence length being ${longest}`,
    );
  }
  const padded = padPacked(data, batch_sizes, batch_first, padding_value, total_length ?? longest);
  if (unsorted_indices === null) return padded;
  const [output, lengths] = padded;
  return [
    output.index_select(batch_first ? 0 : 1, unsorted_indices),
    lengths.index(unsorted_indices.cpu()),
  ];
}

// --- lists of tensors -----------------------------------------------------------------------------------------------

const SEQUENCES = ANYTHING as Type<Iterable<Tensor>>;
const PAD = new Signature('pad_sequence', {
  sequences: required(SEQUENCES),
  ...BATCH_FIRST,
  padding_value: optional(FLOAT, 0),
  padding_side: optional(STRING, 'right'),
});

type Pad = (
  sequences: readonly Tensor[],
  batch_first: boolean,
  padding_value: number,
  padding_side: string,
) => Tensor;
const pad = op<Pad>('pad_sequence');

function listOf(name: string, sequences: unknown): Tensor[] {
  if (typeof (sequences as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
    throw runtimeError(
      `${name}: Expected iterable for input sequences, but got arg of type: ${describe(sequences)}`,
    );
  }
  return [...(sequences as Iterable<Tensor>)];
}

export interface PadOptions extends BatchFirstOption {
  /** Default: 0. */
  padding_value?: number | undefined;
  /** Default: `'right'`. */
  padding_side?: 'left' | 'right' | undefined;
}

/**
 * Stacks sequences of different lengths, and pads them to the length of the longest.
 *
 * Shapes: each sequence (L, *); output (T, N, *), or (N, T, *) with `batch_first`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
 */
export function pad_sequence(sequences: Iterable<Tensor>, options?: PadOptions): Tensor;
export function pad_sequence(
  sequences: Iterable<Tensor>,
  batch_first: boolean,
  padding_value?: number,
  padding_side?: 'left' | 'right',
): Tensor;
export function pad_sequence(...args: unknown[]): Tensor {
  const { sequences, batch_first, padding_value, padding_side } = PAD.read(args);
  return pad(listOf('pad_sequence', sequences), batch_first, padding_value, padding_side);
}

const UNPAD = new Signature('unpad_sequence', {
  padded_sequences: required(TENSOR),
  lengths: required(TENSOR),
  ...BATCH_FIRST,
});

/**
 * Returns the sequences of a padded batch. As in Python, a batch whose first dimension is the step is transposed in
 * place.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
 *
 * @throws RangeError (ValueError) unless there is a length for each sequence
 */
export function unpad_sequence(
  padded_sequences: Tensor,
  lengths: Tensor,
  batch_first?: boolean | BatchFirstOption,
): Tensor[];
export function unpad_sequence(...args: unknown[]): Tensor[] {
  const { padded_sequences, lengths, batch_first } = UNPAD.read(args);
  if (!batch_first) padded_sequences.transpose_(0, 1);
  const steps = arange(0, padded_sequences.size(1), 1, { device: lengths.device });
  const sequences = padded_sequences.unbind(0);
  const limits = lengths.unbind(0);
  if (sequences.length !== limits.length) {
    const order = limits.length < sequences.length ? 'shorter' : 'longer';
    throw valueError(`zip() argument 2 is ${order} than argument 1`);
  }
  return sequences.map((sequence, index) => sequence.index(steps.lt(limits[index]!)));
}

const PACK = new Signature('pack_sequence', {
  sequences: required(SEQUENCES),
  ...ENFORCE_SORTED,
});

/**
 * Packs sequences of different lengths. Shapes: each sequence (L, *).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
 *
 * @throws TorchError (RuntimeError) for lengths that are not in decreasing order, unless `enforce_sorted` is false
 */
export function pack_sequence(
  sequences: Iterable<Tensor>,
  enforce_sorted?: boolean | PackOptions,
): PackedSequence;
export function pack_sequence(...args: unknown[]): PackedSequence {
  const { sequences, enforce_sorted } = PACK.read(args);
  const list = listOf('pack_sequence', sequences);
  const lengths = list.map((sequence) => tensorIn('pack_sequence', sequence).size(0));
  return pack_padded_sequence(pad_sequence(list), lengths, false, enforce_sorted);
}

function tensorIn(name: string, value: unknown): Tensor {
  if (TENSOR.accepts(value)) return value as Tensor;
  throw fail({ name, parameters: [] }, `each sequence must be a Tensor, got ${describe(value)}`);
}

const UNPACK = new Signature('unpack_sequence', { packed_sequences: required(PACKED) });

/**
 * Returns the sequences of a packed batch, in the order in which they were packed.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
 */
export function unpack_sequence(packed_sequences: PackedSequence): Tensor[];
export function unpack_sequence(...args: unknown[]): Tensor[] {
  const { packed_sequences } = UNPACK.read(args);
  const [padded, lengths] = pad_packed_sequence(packed_sequences, true);
  return unpad_sequence(padded, lengths, true);
}
