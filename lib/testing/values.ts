/** How Python names and writes what is compared. */

import { types } from 'node:util';

import { isTensor } from '../bindings/handle';
import { isOptions } from '../dispatch/arguments';
import { Parameter } from '../nn/parameter';
import { isTypedArray } from '../tensor/elements';
import { isComplex } from '../tensor/scalar';
import { strRepr } from '../utils/python';
import { isScalar, numberText, numberType, toPython } from './numbers';

export type Mapping = ReadonlyMap<unknown, unknown>;

/** The entries of a plain object or a Map, else undefined. */
export function mappingOf(value: unknown): Mapping | undefined {
  if (types.isMap(value)) return value;
  return isOptions(value) && !isComplex(value) ? new Map(Object.entries(value)) : undefined;
}

/** What `torch.as_tensor` is asked to make a tensor of, where two of a kind are compared. */
export const isTensorLike = (value: unknown): boolean => isTensor(value) || isTypedArray(value);

/** `type(value).__name__` of what corresponds in Python. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (isScalar(value)) return numberType(toPython(value));
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value)) return 'list';
  if (isOptions(value)) return 'dict';
  return value.constructor?.name || typeof value;
}

/** `str(type(value))`: `<class 'torch.Tensor'>`. */
export function typeText(value: unknown): string {
  const name = typeName(value);
  if (!isTensor(value)) return `<class '${name}'>`;
  return `<class '${value instanceof Parameter ? 'torch.nn.parameter.Parameter' : `torch.${name}`}'>`;
}

/** `str(value)`. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : reprText(value);
}

/** `repr(value)`. */
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

/** Where in nested containers a value stands. */
export type Path = readonly unknown[];

/** `[0]['weight']`. */
export const pathText = (path: Path): string => path.map((key) => `[${reprText(key)}]`).join('');

/** `str(tuple)`. */
export const tupleText = (values: readonly unknown[]): string =>
  values.length === 1 ? `(${reprText(values[0])},)` : `(${values.map(reprText).join(', ')})`;
