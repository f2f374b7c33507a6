/**
 * Finds everything public that can be called, from the exports at run time: functions, constructors, methods, getters,
 * setters, and operators of `torch.ops`.
 */
import torch from 'torch-losses';
import * as batch from 'torch-losses/batch';

type Invoke = (receiver: unknown, args: unknown[]) => unknown;

export interface Target {
  /**
   * A name such as `nn.functional.mse_loss`, `Tensor.prototype.add`, `get Tensor.prototype.shape` or `new nn.Linear`.
   */
  readonly name: string;
  readonly invoke: Invoke;
  /** The prototype on which it is defined. A receiver should inherit from it. */
  readonly of?: object;
  /** Whether it is a static method, whose receiver should be the class. */
  readonly isStatic?: boolean;
}

/** Returns whether an operator is one of TorchScript's string methods. Some never end, such as `rsplit('', '')`. */
function isOfStrings(packet: typeof torch.ops.aten): boolean {
  return (packet.overloads() as string[]).some((name) => /\(str self/.test(packet[name].schema));
}

/** Operators that libtorch itself does not guard, so that they also fail in Python. Each has its reason. */
const UNGUARDED: ReadonlyMap<RegExp, string> = new Map([
  [/^_/, 'internal to libtorch, and says so by its name: arguments are not checked'],
  [/^quantized_\w+_cell$/, 'an empty list of states is read beyond its end'],
  [/^cudnn_/, 'what a convolution on CUDA calls once its arguments are checked'],
  [/^batch_norm_(elemt|stats|gather)/, 'the same of SyncBatchNorm'],
  [/_backward(s)?(_|$)/, 'a derivative, given by autograd what its forward pass checked'],
]);

/** Functions that connect to any host, for minutes, or write any file. */
const REACHING_OUT = /^distributed\.(TCPStore|FileStore)\.create$/;

const isFunction = (value: unknown): value is (...args: unknown[]) => unknown =>
  typeof value === 'function';
const isClass = (value: unknown): value is abstract new (...args: unknown[]) => object =>
  isFunction(value) && /^class\b/.test(Function.prototype.toString.call(value));

class Walk {
  readonly targets: Target[] = [];
  readonly classes: [name: string, Class: new (...args: unknown[]) => object][] = [];
  readonly values: unknown[] = [];
  /**
   * Objects that were visited. Operators are found in another way, since `torch.ops` only lists those that were used.
   */
  private readonly seen = new Set<unknown>([torch.ops]);

  /** Visits an exported value. */
  value(name: string, value: unknown): void {
    if ((typeof value !== 'object' && !isFunction(value)) || value === null) return;
    if (this.seen.has(value)) return;
    this.seen.add(value);
    if (isClass(value)) this.class(name, value);
    else if (isFunction(value)) this.function(name, value);
    else if (isNamespace(value)) this.namespace(name, value);
    else this.instance(name, value);
  }

  private namespace(name: string, namespace: object): void {
    for (const [key, value] of Object.entries(namespace)) {
      if (key !== 'default') this.value(name ? `${name}.${key}` : key, value);
    }
  }

  private function(name: string, fn: (...args: unknown[]) => unknown): void {
    this.targets.push({ name, invoke: (receiver, args) => Reflect.apply(fn, receiver, args) });
  }

  private class(name: string, Class: abstract new (...args: unknown[]) => object): void {
    const Concrete = Class as new (...args: unknown[]) => object;
    this.classes.push([name, Concrete]);
    this.targets.push({ name: `new ${name}`, invoke: (_, args) => new Concrete(...args) });
    this.properties(name, Class, undefined);
    this.prototype(name, Class.prototype);
  }

  /** Visits an exported instance. Its class may not be exported. */
  instance(name: string, value: object): void {
    this.values.push(value);
    this.prototype(value.constructor?.name || name, Object.getPrototypeOf(value));
  }

  private prototype(name: string, prototype: object | null): void {
    for (let of = prototype; of && !isBuiltIn(of); of = Object.getPrototypeOf(of)) {
      if (this.seen.has(of)) return;
      this.seen.add(of);
      this.properties(`${name}.prototype`, of, of);
    }
  }

  private properties(name: string, object: object, of: object | undefined): void {
    for (const key of Reflect.ownKeys(object)) {
      if (key === 'constructor' || key === 'prototype' || isInternal(key)) continue;
      const { value, get, set } = Object.getOwnPropertyDescriptor(object, key)!;
      const path = `${name}.${String(key)}`;
      const add = (prefix: string, invoke: Invoke): void => {
        const call: Invoke = (receiver, args) => invoke(receiver ?? object, args);
        this.targets.push({
          name: prefix + path,
          ...(of ? { invoke, of } : { invoke: call, isStatic: true }),
        });
      };
      if (isClass(value)) this.value(path, value);
      else if (isFunction(value)) add('', (receiver, args) => Reflect.apply(value, receiver, args));
      if (get) add('get ', (receiver) => Reflect.apply(get, receiver, []));
      if (set) add('set ', (receiver, [given]) => Reflect.apply(set, receiver, [given]));
    }
  }
}

/** Returns whether a member is internal, and says so by its name, as operators do. Python's `__name__` is not. */
const isInternal = (key: string | symbol): boolean =>
  typeof key === 'string' && /^_[a-z]/i.test(key);

function isNamespace(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

const BUILT_IN = new Set<object>(
  [Object, Function, Array, Error, TypeError, RangeError, Map, Set].map(
    ({ prototype }) => prototype as object,
  ),
);
const isBuiltIn = (prototype: object): boolean => BUILT_IN.has(prototype);

/** The result of {@link findSurface}. */
export interface Surface {
  readonly targets: readonly Target[];
  readonly operators: readonly Target[];
  readonly classes: readonly (readonly [string, new (...args: unknown[]) => object])[];
  /** Exported objects, such as dtypes and layouts. */
  readonly values: readonly unknown[];
}

/** Returns the public surface of the loaded package. */
export function findSurface(): Surface {
  const walk = new Walk();
  walk.value('', torch);
  walk.value('batch', { ...batch });
  const node = torch.ones(1, { requires_grad: true }).mul(2).grad_fn!;
  walk.instance('GraphNode', node);
  return {
    targets: walk.targets.filter(({ name }) => !REACHING_OUT.test(name)),
    operators: findOperators(),
    classes: walk.classes,
    values: walk.values,
  };
}

const NAMESPACES = ['aten', 'c10d', '_c10d_functional'];

function findOperators(): Target[] {
  return NAMESPACES.flatMap((namespace) => {
    const operators = torch.ops[namespace]!;
    return Object.keys(operators)
      .filter((name) => ![...UNGUARDED.keys()].some((pattern) => pattern.test(name)))
      .filter((name) => !isOfStrings(operators[name]))
      .map((name) => ({
        name: `ops.${namespace}.${name}`,
        invoke: (_: unknown, args: unknown[]) => operators[name](...args),
      }));
  });
}
