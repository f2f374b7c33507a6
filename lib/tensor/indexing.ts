/**
 * Implements Python's `x[…]` and `x[…] = …` as `x.index(…)` and `x.index_put_([…], value)`.
 *
 * Source: torch/csrc/autograd/python_variable_indexing.cpp and ATen/TensorIndexing.h, of the same release.
 */

import { indexError, typeError, valueError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { describe } from '../dispatch/arguments';
import { isInt64 } from '../dispatch/marshalling';
import { type TensorData, tensor } from './creation';
import * as dtypes from './dtype';
import { operator } from './methods/signature';
import type { Scalar } from './scalar';
import type { Tensor } from './tensor';

// --- slices ----------------------------------------------------------------------------------------------------------

type Bound = number | null | undefined;

/** A range of positions in a dimension: Python's `start:stop:step`. */
export class Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;

  /** @internal Use {@link slice}. */
  constructor(start: Bound, stop: Bound, step: Bound) {
    this.start = start ?? null;
    this.stop = stop ?? null;
    this.step = step ?? null;
    Object.freeze(this);
  }

  toString(): string {
    const text = (bound: number | null): string => (bound === null ? 'None' : String(bound));
    return `slice(${text(this.start)}, ${text(this.stop)}, ${text(this.step)})`;
  }
}

/**
 * Returns a slice, with the arguments of Python's `slice`: `slice()` is `:`, `slice(3)` is `:3`, `slice(1, null)` is
 * `1:`, `slice(null, null, 2)` is `::2`.
 *
 * @throws TypeError if a bound is neither an integer nor null
 */
export function slice(): Slice;
export function slice(stop: Bound): Slice;
export function slice(start: Bound, stop: Bound, step?: Bound): Slice;
export function slice(...bounds: Bound[]): Slice;
export function slice(...bounds: Bound[]): Slice {
  for (const bound of bounds) {
    if (bound !== null && bound !== undefined && !Number.isSafeInteger(bound)) {
      throw typeError(`slice(): bounds must be integers or null, got ${describe(bound)}`);
    }
  }
  if (bounds.length > 3) throw typeError(`slice(): takes at most 3 bounds, got ${bounds.length}`);
  if (bounds.length === 1) return new Slice(null, bounds[0], null);
  return new Slice(bounds[0], bounds[1], bounds[2]);
}

/**
 * An index of one or more dimensions: an integer, a {@link slice}, `null` for a new dimension, `'...'` for all
 * remaining dimensions, a boolean, or a tensor or list of indices or booleans.
 */
export type Index = number | bigint | boolean | null | '...' | Slice | Tensor | TensorData;

// --- operators -------------------------------------------------------------------------------------------------------

const selectAt = operator('select', 'int');
const sliceAt = operator('slice', 'Tensor');
const unsqueeze = operator('unsqueeze');
const alias = operator('alias');
const indexBy = operator('index', 'Tensor');
const put = operator('index_put_');
const zeros = operator('zeros');
const copyInto = operator('copy_');
const view = operator('view');
const expand = operator('expand');
const convert = operator('to', 'dtype_layout');
const scalarTensor = operator('scalar_tensor');

// --- the views that integers, slices and null make -------------------------------------------------------------------

const NO_DIMENSIONS =
  'invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim ' +
  'tensor to a number';

function select(input: Tensor, dim: number, index: number | bigint, position: number): Tensor {
  const { shape } = input;
  if (shape.length === 0) throw indexError(NO_DIMENSIONS);
  const size = shape[dim]!;
  if (size < -index || size <= index) {
    throw indexError(`index ${index} is out of bounds for dimension ${position} with size ${size}`);
  }
  return selectAt(input, dim, index);
}

function applySlice(
  input: Tensor,
  dim: number,
  { start, stop, step }: Slice,
  always: boolean,
): Tensor {
  if (step === 0) throw valueError('slice step cannot be zero');
  if (step !== null && step < 0) throw valueError('step must be greater than zero');
  const isWhole =
    (start ?? 0) === 0 && (stop === null || stop >= input.shape[dim]!) && (step ?? 1) === 1;
  if (isWhole && !always) return input;
  return sliceAt(input, dim, start, stop, step ?? 1);
}

/** A view, and the tensors that must still index it: at most one for each dimension. */
interface Applied {
  view: Tensor;
  tensors: (Tensor | null)[];
}

function apply(input: Tensor, indices: readonly unknown[]): Applied {
  const specified = indices.reduce<number>((count, index) => count + dimensionsOf(index), 0);
  const { length: rank } = input.shape;
  if (specified > rank) throw indexError(`too many indices for tensor of dimension ${rank}`);
  const applied: Applied = { view: input, tensors: [] };
  let dim = 0;
  const record = (index: Tensor): void => {
    while (applied.tensors.length < dim) applied.tensors.push(null);
    applied.tensors[dim++] = index;
  };
  const recordFlag = (flag: boolean): void => {
    applied.view = unsqueeze(applied.view, dim);
    record(zeros([flag ? 1 : 0], { dtype: dtypes.int64 }));
  };
  for (const [position, given] of indices.entries()) {
    const index = Array.isArray(given) || ArrayBuffer.isView(given) ? listIndex(given) : given;
    if (isInt64(index)) applied.view = select(applied.view, dim, index as number, position);
    else if (index instanceof Slice) applied.view = applySlice(applied.view, dim++, index, false);
    else if (index === '...') dim += rank - specified;
    else if (index === null) applied.view = unsqueeze(applied.view, dim++);
    else if (typeof index === 'boolean') recordFlag(index);
    else if (isTensor(index)) {
      const number = scalarIndex(index as Tensor);
      if (typeof number === 'boolean') recordFlag(number);
      else if (number !== undefined) applied.view = select(applied.view, dim, number, position);
      else record(index as Tensor);
    } else throw invalidIndex(index);
  }
  return applied;
}

function dimensionsOf(index: unknown): number {
  if (index === null || index === '...' || typeof index === 'boolean') return 0;
  if (!isTensor(index)) return 1;
  const { dtype, ndim } = index as Tensor;
  return dtype === dtypes.bool || dtype === dtypes.uint8 ? ndim : 1;
}

/**
 * Returns the number in a 0-d tensor of integers or booleans, which indexes like that number; undefined for other
 * tensors.
 */
function scalarIndex(index: Tensor): number | boolean | undefined {
  const { dtype } = index;
  if (index.ndim !== 0 || dtype.is_floating_point || dtype.is_complex) return undefined;
  const value = index.item<number | boolean>();
  return dtype === dtypes.uint8 ? value !== 0 : value;
}

function listIndex(list: unknown): Tensor {
  const isEmpty = Array.isArray(list) && list.length === 0;
  return isEmpty ? zeros([0], { dtype: dtypes.int64 }) : tensor(list as TensorData);
}

function invalidIndex(index: unknown): Error {
  const type = typeof index === 'number' ? 'float' : describe(index);
  return indexError(
    'only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices ' +
      `(got ${type})`,
  );
}

/**
 * Throws Python's error for a single slice or integer on a tensor without dimensions. Several indices give another
 * error, which comes later.
 */
function checkSingle(input: Tensor, index: unknown): void {
  if (input.ndim > 0) return;
  if (index instanceof Slice) throw indexError('slice() cannot be applied to a 0-dim tensor.');
  if (isInt64(index)) throw indexError(NO_DIMENSIONS);
}

// --- reading ---------------------------------------------------------------------------------------------------------

/**
 * Returns Python's `x[…]`: a view if all indices are integers, slices, null or `'...'`, else a copy.
 *
 * @throws RangeError (IndexError) if an index is out of bounds, of another type, or one too many
 */
export function index(input: Tensor, indices: readonly Index[]): Tensor {
  if (indices.length === 1) {
    const [only] = indices;
    if (only === null) return unsqueeze(input, 0);
    if (only === '...') return alias(input);
    if (isInt64(only)) return select(input, 0, only as number, 0);
    checkSingle(input, only);
    if (only instanceof Slice) return applySlice(input, 0, only, true);
  }
  const { view: sliced, tensors } = apply(input, indices);
  if (tensors.length === 0) return sliced === input ? alias(input) : sliced;
  return indexBy(sliced, tensors);
}

// --- writing ---------------------------------------------------------------------------------------------------------

/**
 * Assigns as Python's `x[…] = value` does. With `accumulate`, adds the values instead, and all values for one position.
 *
 * @throws RangeError (IndexError) as {@link index}; TorchError if the value's shape does not fit
 */
export function indexPut(
  input: Tensor,
  indices: readonly Index[],
  value: Tensor | Scalar,
  accumulate: boolean,
): Tensor {
  if (!Array.isArray(indices)) {
    throw typeError(`index_put_(): argument 'indices' must be an array, got ${describe(indices)}`);
  }
  if (indices.length === 1) checkSingle(input, indices[0]);
  const { view: target, tensors } = apply(input, indices);
  const values = toTensorLike(input, value);
  if (tensors.length > 0) {
    put(target, tensors, withoutLeadingOnes(values), accumulate);
  } else if (accumulate) {
    target.add_(values);
  } else {
    copyInto(target, expand(withoutLeadingOnes(values), target.shape));
  }
  return input;
}

function toTensorLike(input: Tensor, value: Tensor | Scalar): Tensor {
  if (isTensor(value)) {
    const given = value as Tensor;
    const isSame = given.dtype === input.dtype && given.device.equals(input.device);
    return isSame ? given : convert(given, { dtype: input.dtype, device: input.device });
  }
  return scalarTensor(value, { dtype: input.dtype, device: input.device });
}

/** Drops the leading dimensions of size 1 from the value, as Python does in an assignment. */
function withoutLeadingOnes(values: Tensor): Tensor {
  const { shape } = values;
  const first = shape.findIndex((size) => size !== 1);
  if (first === 0 || shape.length === 0) return values;
  return view(values, first < 0 ? [] : shape.slice(first));
}
