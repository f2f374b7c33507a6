/** Methods that are Python code in torch: torch/_tensor.py and torch/functional.py, of the same release. */

import { runtimeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { Operator } from '../../dispatch/operators';
import type { DType } from '../dtype';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import { composed, type Dims, operator, type Signature, type TensorMethod } from './signature';

const vectorNorm = operator('linalg_vector_norm');
const matrixNorm = operator('linalg_matrix_norm', 'str_ord');
const unflatten = operator('unflatten', 'int');
const nonzero = operator('nonzero');
const nonzeroByDim = operator('nonzero_numpy');
const splitEvenly = operator('split', 'Tensor');
const splitBySizes = operator('split_with_sizes');
const unique = new Operator('aten::_unique2', { name: 'unique' });
const uniqueAlong = new Operator('aten::unique_dim', { name: 'unique' });
const uniqueConsecutive = new Operator('aten::unique_consecutive', { name: 'unique_consecutive' });
const where = new Operator('aten::where', { overloads: ['self', 'ScalarOther'], name: 'where' });

/** The order of a norm: a number, `'fro'` or `'nuc'`. */
type NormOrder = Scalar | 'fro' | 'nuc' | null;

const asList = (dim: Dims | null | undefined): readonly number[] | null => {
  if (dim === undefined || dim === null) return null;
  return typeof dim === 'number' ? [dim] : dim;
};

function normOf(
  input: Tensor,
  p: NormOrder = 'fro',
  dim?: Dims | null,
  keepdim = false,
  dtype: DType | null = null,
): Tensor {
  const dims = asList(dim);
  if (typeof p !== 'string') return vectorNorm(input, p ?? 2, dims, keepdim, { dtype });
  if (p === 'fro' && (dims === null || dims.length <= 2)) {
    return vectorNorm(input, 2, dims, keepdim, { dtype });
  }
  const all = dims ?? Array.from({ length: input.dim() }, (_, index) => index);
  return matrixNorm(input, p, all, keepdim, { dtype });
}

function splitInto(input: Tensor, size: number | readonly number[] | Tensor, dim = 0): Tensor[] {
  const by = isTensor(size) ? Number((size as Tensor).item()) : size;
  const split = Array.isArray(by) ? splitBySizes : splitEvenly;
  return split(input, by, dim) as unknown as Tensor[];
}

/**
 * Picks the requested results out of (values, inverse, counts). Like Python, returns a list only if more than the
 * values are requested.
 */
function requestedResults(results: unknown, inverse: boolean, counts: boolean): Tensor | Tensor[] {
  const [values, inverseIndices, numbers] = results as [Tensor, Tensor, Tensor];
  if (!inverse) inverseIndices.dispose();
  if (!counts) numbers.dispose();
  if (!inverse && !counts) return values;
  return [values, ...(inverse ? [inverseIndices] : []), ...(counts ? [numbers] : [])];
}

function uniqueOf(
  input: Tensor,
  sorted = true,
  inverse = false,
  counts = false,
  dim: number | null = null,
): Tensor | Tensor[] {
  const results =
    dim === null
      ? unique.call([input, sorted, inverse, counts])
      : uniqueAlong.call([input, dim, sorted, inverse, counts]);
  return requestedResults(results, inverse, counts);
}

function uniqueConsecutiveOf(
  input: Tensor,
  inverse = false,
  counts = false,
  dim: number | null = null,
): Tensor | Tensor[] {
  return requestedResults(uniqueConsecutive.call([input, inverse, counts, dim]), inverse, counts);
}

function unflattenTo(input: Tensor, dim: number, sizes: readonly number[]): Tensor {
  if (Array.isArray(sizes) && sizes.length === 0) {
    throw runtimeError('unflatten: sizes must be non-empty');
  }
  return unflatten(input, dim, sizes);
}

function nonzeroOf(input: Tensor, asTuple = false): Tensor {
  return asTuple ? nonzeroByDim(input) : nonzero(input);
}

type UniqueParts = { return_inverse?: boolean; return_counts?: boolean; dim?: number | null };
type Unique<Extra> = [
  Signature<[], Extra & { return_inverse?: false; return_counts?: false; dim?: number | null }>,
  Signature<[], Extra & UniqueParts, Tensor[]>,
];

// The schema has the condition first.
function whereOf(input: Tensor, condition: Tensor, other: Tensor | Scalar): unknown {
  return where.call([condition, input, other]);
}

export interface ComposedMethods {
  /** https://docs.pytorch.org/docs/stable/generated/torch.norm.html */
  norm: TensorMethod<
    Signature<
      [p?: NormOrder, dim?: Dims | null, keepdim?: boolean, dtype?: DType | null],
      { p?: NormOrder; dim?: Dims | null; keepdim?: boolean; dtype?: DType | null }
    >
  >;

  /**
   * Returns chunks of one size, or of the listed sizes. See
   * https://docs.pytorch.org/docs/stable/generated/torch.split.html
   */
  split: TensorMethod<
    Signature<
      [split_size: number | readonly number[], dim?: number],
      { split_size: number | readonly number[]; dim?: number },
      Tensor[]
    >
  >;

  /** https://docs.pytorch.org/docs/stable/generated/torch.unique.html */
  unique: TensorMethod<Unique<{ sorted?: boolean }>>;

  /** https://docs.pytorch.org/docs/stable/generated/torch.unique_consecutive.html */
  unique_consecutive: TensorMethod<Unique<object>>;

  /** https://docs.pytorch.org/docs/stable/generated/torch.unflatten.html */
  unflatten: TensorMethod<
    Signature<[dim: number, sizes: readonly number[]], { dim: number; sizes: readonly number[] }>
  >;

  /**
   * Returns the indices of the elements that are not zero: one row for each, or with `as_tuple` one tensor for each
   * dimension. See https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html
   */
  nonzero: TensorMethod<
    [Signature<[], { as_tuple?: false }>, Signature<[], { as_tuple: boolean }, Tensor[]>]
  >;

  /**
   * Returns this tensor's elements where the condition is true, and those of `other` elsewhere. See
   * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.where.html
   */
  where: TensorMethod<
    Signature<
      [condition: Tensor, other: Tensor | Scalar],
      { condition: Tensor; other: Tensor | Scalar }
    >
  >;
}

/** Lists the parameters of each method; `!` marks a required one. */
export const composedMethods: ComposedMethods = {
  norm: composed('norm', ['p', 'dim', 'keepdim', 'dtype'], normOf),
  split: composed('split', ['split_size!', 'dim'], splitInto),
  unique: composed('unique', ['sorted', 'return_inverse', 'return_counts', 'dim'], uniqueOf),
  unique_consecutive: composed(
    'unique_consecutive',
    ['return_inverse', 'return_counts', 'dim'],
    uniqueConsecutiveOf,
  ),
  unflatten: composed('unflatten', ['dim!', 'sizes!'], unflattenTo),
  nonzero: composed('nonzero', ['as_tuple'], nonzeroOf),
  where: composed('where', ['condition!', 'other!'], whereOf),
};
