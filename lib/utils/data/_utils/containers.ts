/** Walks the containers of samples: arrays, plain objects and Maps. */
import { createError } from '../../../bindings/errors';
import { isOptions } from '../../../dispatch/arguments';

/** The depth at which Python's recursion ends. */
const DEEPEST = 900;

/** @throws TorchError (RecursionError) as Python does in a cycle */
export function checkDepth(depth: number): void {
  if (depth < DEEPEST) return;
  throw createError('RecursionError', 'maximum recursion depth exceeded');
}

/** Returns a container of the same kind with other members, or undefined for what is no container. */
export function mapped(
  value: unknown,
  change: (member: unknown, key: unknown) => unknown,
): unknown {
  if (Array.isArray(value)) return Array.from(value, change);
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, member]) => [key, change(member, key)]));
  }
  if (!isOptions(value)) return undefined;
  const entries = Object.entries(value).map(([key, member]) => [key, change(member, key)]);
  return Object.fromEntries(entries);
}
