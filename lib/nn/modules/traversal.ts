/** Traverses a module and its submodules. Source: torch/nn/modules/module.py. */
import { attributeError } from '../../bindings/errors';
import type { Tensor } from '../../tensor/tensor';
import type { Module } from './module';
import { hasAttribute } from './registry';

/**
 * Iterates over a module and all its submodules, with their paths.
 *
 * @param prefix - the path of the module itself
 * @param unique - whether a module that was visited before is skipped, with its submodules
 */
export function* namedModules(
  module: Module,
  prefix: string,
  unique: boolean,
  seen = new Set<Module>(),
): IterableIterator<[path: string, Module]> {
  if (seen.has(module)) return;
  if (unique) seen.add(module);
  yield [prefix, module];
  for (const [name, child] of module._named_children()) {
    if (child) yield* namedModules(child, joined(prefix, name), unique, seen);
  }
}

/** Iterates over the direct submodules of a module with their names, each once. */
export function* namedChildren(module: Module): IterableIterator<[name: string, Module]> {
  const seen = new Set<Module>();
  for (const [name, child] of module._named_children()) {
    if (!child || seen.has(child)) continue;
    seen.add(child);
    yield [name, child];
  }
}

/**
 * Iterates over the parameters or buffers of modules, with their paths. Null values are skipped.
 *
 * @param unique - whether a value that was visited before is skipped
 */
export function* namedMembers<T extends Tensor>(
  modules: Iterable<[path: string, Module]>,
  membersOf: (module: Module) => Iterable<[name: string, T | null]>,
  unique: boolean,
): IterableIterator<[path: string, T]> {
  const seen = new Set<T>();
  for (const [path, module] of modules) {
    for (const [name, value] of membersOf(module)) {
      if (!value || seen.has(value)) continue;
      if (unique) seen.add(value);
      yield [joined(path, name), value];
    }
  }
}

export function* values<T>(named: Iterable<[string, T]>): IterableIterator<T> {
  for (const [, value] of named) yield value;
}

/**
 * Returns a property of a module.
 *
 * @throws TypeError (AttributeError) if there is none
 */
export function attributeOf(module: Module, name: string): unknown {
  if (hasAttribute(module, name)) return (module as unknown as Record<string, unknown>)[name];
  throw attributeError(`${module._get_name()} has no attribute \`${name}\``);
}

const joined = (path: string, name: string): string => (path ? `${path}.${name}` : name);
