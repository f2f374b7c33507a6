/** What datasets, samplers and loaders expect of each other. */
import { typeError } from '../../bindings/errors';
import { describe, isOptions } from '../../dispatch/arguments';
import { INTS, mismatch, type Type, typeOf } from '../../dispatch/signature';

/** Throws a TypeError that names the argument unless it has the type. */
export function checked(callee: string, name: string, type: Type<unknown>, value: unknown): void {
  if (type.accepts(value)) return;
  throw mismatch({ name: callee, parameters: [] }, name, type.expected, value);
}

/** Returns arguments, of which a lone plain object that is a dataset is no options. */
export function asData(args: readonly unknown[]): readonly unknown[] {
  const [first] = args;
  const isData = args.length === 1 && isOptions(first) && ('length' in first || isStyled(first));
  return isData ? [first, {}] : args;
}

/**
 * Python's `len(value)`.
 *
 * @throws TypeError if it has no length
 */
export function lengthOf(value: unknown, name = describe(value)): number {
  const length = (value as { length?: unknown } | null | undefined)?.length;
  if (Number.isSafeInteger(length) && (length as number) >= 0) return length as number;
  throw typeError(`object of type '${name}' has no len()`);
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

const has = (value: unknown, key: PropertyKey): boolean =>
  isObject(value) && typeof (value as Record<PropertyKey, unknown>)[key] === 'function';

export const isThenable = (value: unknown): value is PromiseLike<unknown> => has(value, 'then');

/** Whether a dataset gives a sample for an index. */
export const isMapStyle = (dataset: unknown): boolean => has(dataset, 'at');

/** A dataset that gives a sample for an index. */
export const MAP_STYLE = typeOf<never>('a dataset with at(index)', isMapStyle);

/** What can be iterated. */
export const ITERABLE = typeOf<Iterable<unknown>>(
  'an iterable',
  (value) => isObject(value) && has(value, Symbol.iterator),
);

/** An array of numbers of any kind. */
export const INDICES = typeOf<ArrayLike<number>>(
  'an array of indices',
  (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value),
);

/** Throws a TypeError unless the indices of a batch are integers. */
export const checkIndices = (indices: readonly number[]): void =>
  checked('__getitems__', 'indices', INTS, indices);

const isStyled = (dataset: unknown): boolean => isMapStyle(dataset) || isIterableStyle(dataset);

/** Whether a dataset is read in one pass. */
export const isIterableStyle = (dataset: unknown): boolean =>
  !isMapStyle(dataset) && (has(dataset, Symbol.asyncIterator) || has(dataset, Symbol.iterator));
