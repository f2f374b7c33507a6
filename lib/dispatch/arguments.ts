/**
 * Binds the arguments of a call to parameters: first positional arguments, then one options object by name.
 *
 * Every public function uses it: losses, module constructors, tensor methods, operators.
 */
import { types } from 'node:util';

import { typeError } from '../bindings/errors';
import { isComplex } from '../tensor/scalar';

/** A parameter of a public function. Parameters are listed in Python's order. */
export interface Parameter {
  readonly name: string;
  /** Whether a call without it is an error. */
  readonly required?: boolean;
  /** Whether it can only be given in the options object. */
  readonly keywordOnly?: boolean;
}

/** The name of a function for messages, and its parameters. */
export interface Callee {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** An operator's declaration, which is added to messages. */
  readonly declaration?: string;
}

export type Options = Record<string, unknown>;

/**
 * Returns whether a value is an options object: a plain object. Tensors, arrays, modules, dtypes and instances of
 * classes are not.
 */
export function isOptions(value: unknown): value is Options {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || isForeign(prototype);
}

/** Whether a prototype is the `Object.prototype` of another realm, as in a test of Jest or with its `structuredClone`. */
const isForeign = (prototype: object): boolean =>
  Object.getPrototypeOf(prototype) === null &&
  Object.hasOwn(prototype, 'constructor') &&
  prototype.constructor.name === 'Object';

/**
 * Returns the arguments in the order of the parameters, with `undefined` for missing ones.
 *
 * @throws TypeError for too many or missing arguments, for an unknown key (naming the nearest one), and for a parameter
 *   that is given twice
 */
export function bind(callee: Callee, args: ArrayLike<unknown>): unknown[] {
  const bound = bindOr(callee, args);
  if (Array.isArray(bound)) return bound;
  throw bound();
}

/**
 * Like {@link bind}, but returns a function that makes the error instead of throwing it. Trying an overload then costs
 * no error.
 */
export function bindOr(callee: Callee, args: ArrayLike<unknown>): unknown[] | (() => Error) {
  const { parameters } = callee;
  const bound = new Array<unknown>(parameters.length).fill(undefined);
  let count = args.length;
  const last = count > 0 ? args[count - 1] : undefined;
  const options = isOptions(last) && !isComplex(last) ? last : undefined;
  if (options) count--;
  while (count > 0 && args[count - 1] === undefined) count--;
  for (let index = 0; index < count; index++) {
    if (index >= parameters.length || parameters[index]!.keywordOnly) {
      return () => surplus(callee, args, index);
    }
    bound[index] = args[index];
  }
  const problem = options && bindOptions(callee, options, bound);
  if (problem) return problem;
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index]!;
    if (parameter.required && bound[index] === undefined) {
      return () => fail(callee, `missing required argument '${parameter.name}'`);
    }
  }
  return bound;
}

function bindOptions(
  callee: Callee,
  options: Options,
  bound: unknown[],
): (() => Error) | undefined {
  for (const key of Object.keys(options)) {
    const index = callee.parameters.findIndex((parameter) => parameter.name === key);
    if (index < 0) return () => unknownKey(callee, key);
    const value = options[key];
    if (value === undefined) continue;
    if (bound[index] !== undefined) return () => fail(callee, `argument '${key}' is given twice`);
    bound[index] = value;
  }
  return undefined;
}

function surplus(callee: Callee, args: ArrayLike<unknown>, index: number): Error {
  const keys = callee.parameters.filter((parameter) => parameter.keywordOnly);
  const given = describe(args[index]);
  if (keys.length === 0 || index >= callee.parameters.length) {
    const most = callee.parameters.filter((parameter) => !parameter.keywordOnly).length;
    const extra =
      keys.length > 0 ? ` and options (${keys.map(({ name }) => name).join(', ')})` : '';
    return fail(
      callee,
      `takes at most ${most} positional argument(s)${extra}, got ${given} as argument ${index + 1}`,
    );
  }
  if (isOptions(args[index])) {
    return fail(callee, `argument ${index + 1} is an options object, and nothing may follow it`);
  }
  const hints = keys.map(({ name }) => `{ ${name}: … }`).join(', ');
  return fail(
    callee,
    `argument ${index + 1} must be an options object, got ${given}; it may have been meant for one of ${hints}`,
  );
}

/** Returns the TypeError for a key that no parameter has. */
export function unknownKey(callee: Callee, key: string): Error {
  const names = callee.parameters.map(({ name }) => name);
  const near = nearest(key, names);
  return fail(
    callee,
    `got an unexpected keyword argument '${key}'${near ? `; did you mean '${near}'?` : ''}`,
  );
}

/** Returns a TypeError that names the function. */
export function fail(callee: Callee, problem: string): Error {
  const declaration = callee.declaration ? `\nDeclaration: ${callee.declaration}` : '';
  return typeError(`${callee.name}(): ${problem}${declaration}`);
}

/** Returns the candidate that is nearest to a mistyped name, or undefined if none is near. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[to.length]!;
}

/** Describes a value for messages: `a string`, `Tensor`, `an array`, `null`. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (types.isPromise(value)) return 'a Promise: await it';
  if (typeof value === 'object') {
    if (isOptions(value)) return 'a plain object';
    return nameOfClass(value);
  }
  if (typeof value === 'function')
    return value.constructor?.name === 'Function' ? 'a function' : nameOfClass(value);
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'bigint') return `the bigint ${value}`;
  return `${typeof value === 'number' ? 'the number' : 'the boolean'} ${Object.is(value, -0) ? '-0' : value}`;
}

function nameOfClass(value: object): string {
  try {
    const Class: unknown = value.constructor;
    return typeof Class === 'function' && Class.name ? Class.name : 'an object';
  } catch {
    return 'an object';
  }
}
