/** Modules that contain modules. Source: torch/nn/modules/container.py. */

import { createError, indexError, typeError } from '../../bindings/errors';
import { describe, isOptions } from '../../dispatch/arguments';
import { INT, optional, orNull, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { Module } from './module';
import { listRepr } from './repr';

const SLICE = new Signature('slice', {
  start: optional(INT, 0),
  end: optional(orNull(INT), null),
});

/**
 * Returns the elements from one index to another.
 *
 * @param positions - the two indices; without them, all elements are returned
 * @throws TypeError for an index that is no integer
 */
export function sliceOf<T>(elements: Iterable<T>, positions: readonly unknown[]): T[] {
  const { start, end } = SLICE.read(positions);
  return [...elements].slice(start, end ?? undefined);
}

// --- in order -------------------------------------------------------------------------------------------------------

/** The base of ordered containers. The names of submodules are their indices, unless other names were given. */
export abstract class Sequence<Args extends unknown[], Result> extends Module<Args, Result> {
  [index: number]: Module;

  /** The number of submodules. */
  override get length(): number {
    return this._named_children().length;
  }

  *[Symbol.iterator](): IterableIterator<Module> {
    for (const [, module] of this._named_children()) yield module as Module;
  }

  /**
   * Returns the submodule at an index, like Python's `modules[index]`. A negative index counts from the end.
   *
   * @throws RangeError (IndexError) for an index out of range
   */
  at(index: number): Module {
    const module = [...this].at(Number.isInteger(index) ? index : this.length);
    if (module) return module;
    throw indexError(
      `index ${typeof index === 'number' ? index : describe(index)} is out of range`,
    );
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.add_module(String(this.length), module);
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<Module>): this {
    if (typeof modules?.[Symbol.iterator] !== 'function') {
      const problem = `should be called with an iterable, but got ${describe(modules)}`;
      throw typeError(`${this._get_name()}.extend ${problem}`);
    }
    for (const module of [...modules]) this.append(module);
    return this;
  }

  /** Inserts a module before an index. */
  insert(index: number, module: Module): this {
    const count = this.length;
    if (!Number.isInteger(index) || index < -count || index > count) {
      throw indexError(`Index out of range: ${Number.isInteger(index) ? index : describe(index)}`);
    }
    if (!(module instanceof Module)) {
      throw typeError(`${describe(module)} is not a Module subclass`);
    }
    const modules = [...this];
    modules.splice(index < 0 ? index + count : index, 0, module);
    this._replace(modules);
    return this;
  }

  /** Removes the module at an index, and returns it. */
  pop(index: number): Module {
    const removed = this.at(index);
    const modules = [...this];
    modules.splice(index, 1);
    this._replace(modules);
    return removed;
  }

  /** @internal */
  _replace(modules: readonly Module[]): void {
    for (const [name] of this._named_children()) delete (this as Record<string, unknown>)[name];
    for (const module of modules) this.append(module);
  }
}

/**
 * Calls modules one after the other. Each gets the result of the one before.
 *
 * ```ts
 * new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10));
 * new nn.Sequential({ hidden: new nn.Linear(64, 32), relu: new nn.ReLU(), out: new nn.Linear(32, 10) });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 */
export class Sequential<Input = Tensor, Result = Tensor> extends Sequence<[input: Input], Result> {
  constructor(...modules: Module[]);
  constructor(modules: Readonly<Record<string, Module>>);
  constructor(...args: unknown[]) {
    super();
    const [first] = args;
    const named = args.length === 1 && isOptions(first) ? first : { ...args };
    for (const [name, module] of Object.entries(named)) this.add_module(name, module as Module);
  }

  override forward(input: Input): Result {
    let value: unknown = input;
    for (const module of this) value = module(value);
    return value as Result;
  }

  /**
   * Returns a container of the modules from one index to another, like Python's `modules[start:end]`. They keep their
   * names.
   */
  slice(start?: number, end?: number): Sequential;
  slice(...positions: unknown[]): Sequential {
    const part = new Sequential();
    for (const [name, module] of sliceOf(this._named_children(), positions)) {
      part.add_module(name, module);
    }
    return part;
  }
}

/**
 * A list of modules, which are registered as submodules.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 */
export class ModuleList extends Sequence<never[], unknown> {
  constructor(modules?: Iterable<Module> | null) {
    super();
    if (modules !== undefined && modules !== null) this.extend(modules);
  }

  /** Returns a list of the modules from one index to another, like Python's `modules[start:end]`. */
  slice(start?: number, end?: number): ModuleList;
  slice(...positions: unknown[]): ModuleList {
    return new ModuleList(sliceOf(this, positions));
  }

  override toString(): string {
    return listRepr(this._get_name(), [...this]);
  }
}

// --- by name --------------------------------------------------------------------------------------------------------

/**
 * A dictionary of modules, which are registered as submodules.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
 */
export class ModuleDict extends Module<never[], unknown> {
  constructor(modules?: ModuleMapping | null) {
    super();
    if (modules !== undefined && modules !== null) this.update(modules);
  }

  /** The number of modules. */
  override get length(): number {
    return this._named_children().length;
  }

  /** Returns the module with a name, like Python's `modules[key]`. */
  get(key: string): Module {
    const found = this.items().find(([name]) => name === key);
    if (found) return found[1];
    throw createError('KeyError', typeof key === 'string' ? `'${key}'` : describe(key));
  }

  /** Adds or replaces a module, like Python's `modules[key] = module`. */
  set(key: string, module: Module): this {
    this.add_module(key, module);
    return this;
  }

  /** Returns whether a name has a module, like Python's `key in modules`. */
  has(key: string): boolean {
    return this.keys().includes(key);
  }

  /** Removes the module with a name, and returns it. */
  pop(key: string): Module {
    const module = this.get(key);
    delete (this as Record<string, unknown>)[key];
    return module;
  }

  /** Removes all modules. */
  clear(): void {
    for (const key of this.keys()) this.pop(key);
  }

  /** Adds or replaces modules. */
  update(modules: ModuleMapping): void {
    const entries = isOptions(modules) ? Object.entries(modules) : modules;
    if (typeof (entries as Iterable<unknown>)?.[Symbol.iterator] !== 'function') {
      const problem = `iterable of key/value pairs, but got ${describe(modules)}`;
      throw typeError(`ModuleDict.update should be called with an ${problem}`);
    }
    const pairs = entries instanceof ModuleDict ? entries.items() : entries;
    for (const pair of pairs as Iterable<unknown>) {
      if (!Array.isArray(pair)) {
        const problem = `a key and a value, got ${describe(pair)}`;
        throw typeError(`ModuleDict.update: each element should be ${problem}`);
      }
      this.add_module(pair[0], pair[1]);
    }
  }

  keys(): string[] {
    return this.items().map(([key]) => key);
  }

  values(): Module[] {
    return this.items().map(([, module]) => module);
  }

  items(): [string, Module][] {
    return this._named_children() as [string, Module][];
  }

  /** Iterates over the names. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.keys()[Symbol.iterator]();
  }
}

/** Modules by name. */
export type ModuleMapping =
  | Readonly<Record<string, Module>>
  | ModuleDict
  | Iterable<readonly [string, Module]>;
