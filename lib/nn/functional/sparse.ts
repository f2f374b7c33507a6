/** Embeddings and one-hot vectors. Source: torch/nn/functional.py. */
import { createError } from '../../bindings/errors';
import {
  BOOL,
  FLOAT,
  INT,
  optional,
  orNull,
  required,
  Signature,
  TENSOR,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { op, withoutGrad } from '../ops';

export interface EmbeddingOptions {
  /** The row that gets no gradient. A negative index counts from the end. Default: null, none. */
  padding_idx?: number | null | undefined;
  /** The largest norm of a row. Rows with a larger norm are scaled down in place. Default: null, no limit. */
  max_norm?: number | null | undefined;
  /** The order of that norm. Default: 2. */
  norm_type?: number | undefined;
  /** Divides the gradient of a row by the number of its occurrences in the input. Default: false. */
  scale_grad_by_freq?: boolean | undefined;
  /** Makes the gradient of the weight a sparse tensor. Default: false. */
  sparse?: boolean | undefined;
}

/** The options of {@link embedding}, in Python's order. */
export const EMBEDDING_OPTIONS = {
  padding_idx: optional<number | null>(orNull(INT), null),
  max_norm: optional<number | null>(orNull(FLOAT), null),
  norm_type: optional(FLOAT, 2),
  scale_grad_by_freq: optional(BOOL, false),
  sparse: optional(BOOL, false),
};

const EMBEDDING = new Signature('embedding', {
  input: required(TENSOR),
  weight: required(TENSOR),
  ...EMBEDDING_OPTIONS,
});

type Rows = (
  weight: Tensor,
  input: Tensor,
  paddingIdx: number,
  scaleGradByFreq: boolean,
  sparse: boolean,
) => Tensor;
const rowsOf = op<Rows>('embedding');
const renormalise =
  op<(self: Tensor, input: Tensor, maxNorm: number, normType: number) => Tensor>(
    'embedding_renorm_',
  );

/**
 * Returns the rows of `weight` at the indices in `input`.
 *
 * Shapes: input (*) of integers, weight (V, D); output (*, D).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 *
 * @throws TorchError (AssertionError) if padding_idx is not the index of a row
 */
export function embedding(input: Tensor, weight: Tensor, options?: EmbeddingOptions): Tensor;
export function embedding(...args: unknown[]): Tensor {
  const values = EMBEDDING.read(args);
  const { weight, max_norm } = values;
  const padding = paddingRow(values.padding_idx, () => weight.size(0));
  let { input } = values;
  if (max_norm !== null) {
    input = input.contiguous();
    withoutGrad(() => renormalise(weight.detach(), input, max_norm, values.norm_type));
  }
  return rowsOf(weight, input, padding ?? -1, values.scale_grad_by_freq, values.sparse);
}

/** Returns padding_idx as an index from the start. */
export function paddingRow(index: number | null, countRows: () => number): number | null {
  if (index === null) return null;
  const rows = countRows();
  if (index >= rows && index > 0) throw outside();
  if (index < -rows) throw outside();
  return index < 0 ? rows + index : index;
}

const outside = (): Error =>
  createError('AssertionError', 'Padding_idx must be within num_embeddings');

/**
 * Returns vectors that are 1 at the given index and 0 elsewhere.
 *
 * Shapes: tensor (*) of int64; output (*, num_classes). If num_classes is -1, it is the largest index plus 1.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 */
export const one_hot = op<
  (tensor: Tensor, num_classes?: number | { num_classes?: number }) => Tensor
>('one_hot', [''], { inputName: 'tensor' });
