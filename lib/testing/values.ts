/** Python's names and texts for compared values. */

import { types } from 'node:util';

import { isTensor } from '../bindings/handle';
import { isOptions } from '../dispatch/arguments';
import { Parameter } from '../nn/parameter';
import { isTypedArray } from '../tensor/elements';
import { isComplex } from '../tensor/scalar';
import { strRepr } from '../utils/python';
import { isScalar, numberText, numberType, toPython } from './numbers';

export type Mapping = ReadonlyMap<unknown, unknown>;

/** Returns the entries of a plain object or a Map, and undefined for other values. */
export function mappingOf(value: unknown): Mapping | undefined {
  if (types.isMap(value)) return value;
  return isOptions(value) && !isComplex(value) ? new Map(Object.entries(value)) : undefined;
}

/** Returns whether values of this kind are compared as tensors, after `torch.as_tensor`. */
export const isTensorLike = (value: unknown): boolean => isTensor(value) || isTypedArray(value);

/** Returns `type(value).__name__` of the corresponding Python value. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (isScalar(value)) return numberType(toPython(value));
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value)) return 'list';
  if (isOptions(value)) return 'dict';
  return value.constructor?.name || typeof value;
}

/** Returns `str(type(value))`, such as `<class 'torch.Tensor'>`. */
export function typeText(value: unknown): string {
  const name = typeName(value);
  if (!isTensor(value)) return `<class '${name}'>`;
  return `<class '${value instanceof Parameter ? 'torch.nn.parameter.Parameter' : `torch.${name}`}'>`;
}

/** Returns Python's `str(value)`. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : reprText(value);
}

/** Returns Python's `repr(value)`. */
export function reprText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (isScalar(value)) return numberText(toPython(value));
  if (typeof value === 'string') return strRepr(value);
  if (Array.isArray(value)) return `[${value.map(reprText).join(', ')}]`;
  const mapping = mappingOf(value);
  if (!mapping) return String(value);
  const entries = [...mapping].map(([key, entry]) => `${reprText(key)}: ${reprText(entry)}`);
  return `{${entries.join(', ')}}`;
}

/** The position of a value in nested containers. */
export type Path = readonly unknown[];

/** Formats a path: `[0]['weight']`. */
export const pathText = (path: Path): string => path.map((key) => `[${reprText(key)}]`).join('');

/** Returns Python's `str` of a tuple. */
export const tupleText = (values: readonly unknown[]): string =>
  values.length === 1 ? `(${reprText(values[0])},)` : `(${values.map(reprText).join(', ')})`;
