/**
 * `torch.ops`: the operators of libtorch and of loaded libraries, by namespace, name and overload.
 *
 * See https://docs.pytorch.org/docs/stable/library.html
 */
import path from 'node:path';
import { inspect } from 'node:util';
import { attributeError, typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from './arguments';
import { Operator, type Overload } from './operators';

// Only libtorch knows which operators exist, and only at run time. So, as in Python, nothing is typed.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Anything = any;

/** An operator such as `torch.ops.aten.add`, or one overload such as `torch.ops.aten.add.Tensor`. */
export interface OperatorPacket {
  (...args: unknown[]): Anything;
  /** Returns the names of the overloads, in the order in which they are tried. `default` is the one without a name. */
  overloads(): string[];
  /** Makes the same call off the event loop. The options may have an AbortSignal, `signal`. */
  async(...args: unknown[]): Promise<Anything>;
  readonly [overload: string]: Anything;
}

/** All operators, by namespace. */
export interface Operators {
  /**
   * Loads a library of custom operators. Its operators are then in `torch.ops`.
   *
   * @throws TorchError if it cannot be loaded
   */
  load_library(file: string): void;
  readonly [namespace: string]: Anything;
}

// JavaScript engines, `inspect` and `await` look for these properties in every object. They are not names of operators.
const isForeign = (key: string | symbol): key is symbol =>
  typeof key === 'symbol' ||
  key === 'then' ||
  key === 'toJSON' ||
  key === 'constructor' ||
  key === 'prototype';

/**
 * Returns an object that looks up unknown properties with `find`, each once.
 *
 * @param list - returns the names of all properties, for `Object.keys` and completion in a REPL
 */
function withLookup<T extends object>(
  target: T,
  find: (name: string) => unknown,
  list: () => string[] = () => [],
): T {
  return new Proxy(target, {
    ownKeys: (object) => [...new Set([...Reflect.ownKeys(object), ...list()])],
    getOwnPropertyDescriptor(object, key) {
      const own = Reflect.getOwnPropertyDescriptor(object, key);
      if (own || isForeign(key) || !list().includes(key)) return own;
      return { get: () => find(key), enumerable: true, configurable: true };
    },
    get(object, key, receiver) {
      if (Reflect.has(object, key) || isForeign(key)) return Reflect.get(object, key, receiver);
      const value = find(key);
      Object.defineProperty(object, key, { value, enumerable: true });
      return value;
    },
  });
}

/** Removes the function's own properties, such as `name`, which would hide overloads of the same names. */
function withoutOwnProperties(
  call: (...args: unknown[]) => unknown,
  text: string,
): (...args: unknown[]) => unknown {
  Reflect.deleteProperty(call, 'name');
  Reflect.deleteProperty(call, 'length');
  Object.setPrototypeOf(call, null);
  Object.defineProperty(call, inspect.custom, { value: () => text });
  Object.defineProperty(call, 'toString', { value: () => text });
  return call;
}

/** Namespaces whose operators wait for other processes. A call of one is a promise. */
const isCollective = (name: string): boolean => /^_?c10d(_functional(_autograd)?)?::/.test(name);

/** Calls an operator as its namespace asks. */
function callOf(operator: Operator): (...args: unknown[]) => unknown {
  if (!isCollective(operator.qualifiedName)) return (...args) => operator.call(args);
  return (...args) => require('../distributed/launch').callOperator(operator, args);
}

function asyncCallOf(operator: Operator): (...args: unknown[]) => unknown {
  if (!isCollective(operator.qualifiedName)) return (...args) => operator.callAsync(args);
  return callOf(operator);
}

function overloadOf(overload: Overload, operator: Operator, name: string): unknown {
  const only = new Operator(operator.qualifiedName, { overloads: [overload.schema.overload] });
  const text = `<OpOverload(op='${operator.qualifiedName.replace('::', '.')}', overload='${name}')>`;
  const call = withoutOwnProperties(callOf(only), text);
  Object.defineProperty(call, 'async', { value: asyncCallOf(only) });
  return Object.defineProperty(call, 'schema', { value: overload.declaration });
}

function packet(namespace: string, name: string): OperatorPacket {
  const operator = new Operator(`${namespace}::${name}`);
  if (operator.overloads.length === 0) {
    throw attributeError(`'_OpNamespace' '${namespace}' object has no attribute '${name}'`);
  }
  const named = operator.overloads.map(
    (overload) => [overload.schema.overload || 'default', overload] as const,
  );
  const text = `<OpOverloadPacket(op='${namespace}.${name}')>`;
  const call = withoutOwnProperties(callOf(operator), text);
  Object.defineProperty(call, 'async', { value: asyncCallOf(operator) });
  Object.defineProperty(call, 'overloads', { value: () => named.map(([overload]) => overload) });
  return withLookup(call, (wanted) => {
    const found = named.find(([overload]) => overload === wanted);
    if (found) return overloadOf(found[1], operator, wanted);
    throw attributeError(
      `The underlying op of '${namespace}.${name}' has no overload name '${wanted}'`,
    );
  }) as unknown as OperatorPacket;
}

function namespaceOf(name: string): object {
  const text = `<module 'torch.ops.${name}' from 'torch.ops'>`;
  const target = Object.create(null, {
    [inspect.custom]: { value: () => text },
    toString: { value: () => text },
  }) as object;
  let names: string[] | undefined;
  const list = (): string[] => {
    names ??= native.operator_names(name);
    return names;
  };
  return withLookup(target, (operator) => packet(name, operator), list);
}

function load_library(file: string): void {
  if (typeof file !== 'string') {
    throw typeError(`load_library(): argument 'file' must be a string, got ${describe(file)}`);
  }
  native.load_library(path.resolve(file));
}

/** All operators: `torch.ops.aten.add(x, y)`, `torch.ops.aten.add.Tensor(x, y, { alpha: 2 })`. */
export const ops: Operators = withLookup({ load_library }, namespaceOf) as unknown as Operators;
