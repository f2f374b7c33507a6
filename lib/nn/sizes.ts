/** Sizes of windows: one integer, or one for each dimension. Source: torch/nn/modules/utils.py. */
import { INTS, typeOf } from '../dispatch/signature';

/** The number of dimensions of signals, images and volumes. */
export type Dims = 1 | 2 | 3;

/** An integer that holds for all dimensions, or one for each. */
export type Size = number | readonly number[];

export const SIZE = typeOf<Size>(
  'an integer or an array of integers',
  (value) => Number.isSafeInteger(value) || INTS.accepts(value),
);

/** A size of a result. A dimension that is null keeps the input's size. */
export type OutputSize = number | readonly (number | null)[];

export const OUTPUT_SIZE = typeOf<OutputSize>(
  'an integer or an array of integers and nulls',
  (value) =>
    Number.isSafeInteger(value) ||
    (Array.isArray(value) &&
      value.every((element) => element === null || Number.isSafeInteger(element))),
);

/** Returns the values of `count` dimensions. */
export function repeated(size: Size, count: number): readonly number[] {
  return typeof size === 'number' ? new Array<number>(count).fill(size) : [...size];
}

/** Returns Python's `repr` of a size: `3`, `(3, 5)`, `(None, 5)`. */
export function sizeRepr(size: OutputSize | null): string {
  if (size === null) return 'None';
  if (typeof size === 'number') return String(size);
  const texts = size.map((each) => (each === null ? 'None' : String(each)));
  return texts.length === 1 ? `(${texts[0]},)` : `(${texts.join(', ')})`;
}

/** Returns Python's `repr` of a list of integers: `[3, 5]`. */
export const listText = (sizes: readonly number[]): string => `[${sizes.join(', ')}]`;
