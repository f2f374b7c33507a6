/** The tree of modules: the methods that register parameters, buffers and submodules, and those that list them. */
import { attributeError, typeError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import type { Tensor } from '../../tensor/tensor';
import { deepcopy, type Memo } from '../../utils/deepcopy';
import { Parameter } from '../parameter';
import { typename } from '../typename';
import { Hooked } from './hooked';
import type { Module } from './module';
import { type Kind, Registry } from './registry';
import { SIGNATURES } from './signatures';
import { attributeOf, namedChildren, namedMembers, namedModules, values } from './traversal';

export interface NamedOptions {
  /** A prefix for all names. Default: `''`. */
  prefix?: string;
  /** Includes submodules. Default: true. */
  recurse?: boolean;
  /** Lists an object only once, even if it has several names. Default: true. */
  remove_duplicate?: boolean;
}

/** A module as a node of the tree. Only {@link Module} extends it. */
export abstract class ModuleTree extends Hooked {
  readonly #registry: Registry = new Registry(this, kindOfValue);

  /**
   * Makes a tensor part of the module's state that is not a parameter. It becomes the property `name`.
   *
   * @param tensor - null registers the name without a tensor
   * @param persistent - whether {@link state_dict} includes it. Default: true
   */
  register_buffer(
    name: string,
    tensor: Tensor | null,
    persistent?: boolean | { persistent?: boolean },
  ): void;
  register_buffer(...args: unknown[]): void {
    const { name, tensor, persistent } = SIGNATURES.register_buffer.read(args);
    this.#registry.checkName(name, 'buffer');
    if (tensor !== null && !isTensor(tensor)) throw unfit('buffer', name, tensor, 'torch Tensor');
    this.#registry.setPersistent(name, persistent);
    this.#registry.register(name, 'buffer', tensor);
  }

  /** Adds a parameter as the property `name`. Null registers the name without a parameter. */
  register_parameter(name: string, param: Parameter | null): void {
    this.#registry.checkName(name, 'parameter');
    if (param !== null && !(param instanceof Parameter)) {
      throw unfit('parameter', name, param, 'torch.nn.Parameter');
    }
    if (param !== null && !param.is_leaf) throw valueError(nonLeaf(name));
    this.#registry.register(name, 'parameter', param);
  }

  /** Adds a submodule as the property `name`. Null registers the name without a module. */
  register_module(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof ModuleTree)) {
      throw typeError(`${typename(module)} is not a Module subclass`);
    }
    this.#registry.checkName(name, 'module');
    this.#registry.register(name, 'module', module);
  }

  /** Does the same as {@link register_module}. */
  add_module(name: string, module: Module | null): void {
    this.register_module(name, module);
  }

  /** Returns this module's part of `state_dict`, without its submodules'. @internal */
  _local_state(): Map<string, Tensor> {
    return this.#registry.state();
  }

  /** Replaces a parameter or buffer of this module for a while. See {@link Registry.replace}. @internal */
  _replace_tensor(name: string, value: Tensor): () => unknown {
    return this.#registry.replace(name, value);
  }

  /** Returns the registered properties of a kind, including those that are null. @internal */
  _members<T>(kind: Kind): [name: string, value: T | null][] {
    return this.#registry.members<T>(kind);
  }

  /** Returns the registered submodules, including those that are null. @internal */
  _named_children(): [string, Module | null][] {
    return this._members<Module>('module');
  }

  /** Gives a copy of this module copies of its properties, and the same hooks. @internal */
  override _copyTo(copy: this, memo: Memo): void {
    const properties = copy as Record<string, unknown>;
    for (const [name, value] of Object.entries(this)) {
      if (!this.#registry.kindOf(name)) properties[name] = deepcopy(value, memo);
    }
    this.#registry.copyTo(copy.#registry, (value) => deepcopy(value, memo));
    super._copyTo(copy, memo);
  }

  /** Iterates over the parameters of this module and, by default, of its submodules. */
  parameters(recurse?: boolean | { recurse?: boolean }): IterableIterator<Parameter>;
  parameters(...args: unknown[]): IterableIterator<Parameter> {
    const { recurse } = SIGNATURES.parameters.read(args);
    return values(this.named_parameters('', recurse));
  }

  /** Iterates over the parameters with their names: `0.weight` belongs to the submodule `0`. */
  named_parameters(
    prefix?: string | NamedOptions,
    recurse?: boolean,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Parameter]>;
  named_parameters(...args: unknown[]): IterableIterator<[string, Parameter]> {
    return this.#named('parameter', SIGNATURES.named_parameters.read(args));
  }

  /** Iterates over the buffers of this module and, by default, of its submodules. */
  buffers(recurse?: boolean | { recurse?: boolean }): IterableIterator<Tensor>;
  buffers(...args: unknown[]): IterableIterator<Tensor> {
    const { recurse } = SIGNATURES.buffers.read(args);
    return values(this.named_buffers('', recurse));
  }

  /** Iterates over the buffers with their names. */
  named_buffers(
    prefix?: string | NamedOptions,
    recurse?: boolean,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Tensor]>;
  named_buffers(...args: unknown[]): IterableIterator<[string, Tensor]> {
    return this.#named('buffer', SIGNATURES.named_buffers.read(args));
  }

  #named<T extends Tensor>(
    kind: Kind,
    { prefix, recurse, remove_duplicate }: Required<NamedOptions>,
  ): IterableIterator<[string, T]> {
    const modules: Iterable<[string, Module]> = recurse
      ? namedModules(asModule(this), prefix, remove_duplicate)
      : [[prefix, asModule(this)]];
    return namedMembers(modules, (module) => module._members<T>(kind), remove_duplicate);
  }

  /** Iterates over the direct submodules. */
  children(): IterableIterator<Module> {
    return values(this.named_children());
  }

  /** Iterates over the direct submodules with their names, each once. */
  named_children(): IterableIterator<[string, Module]> {
    return namedChildren(asModule(this));
  }

  /** Iterates over this module and all its submodules, at any depth. */
  modules(remove_duplicate?: boolean | { remove_duplicate?: boolean }): IterableIterator<Module>;
  modules(...args: unknown[]): IterableIterator<Module> {
    const { remove_duplicate } = SIGNATURES.modules.read(args);
    return values(namedModules(asModule(this), '', remove_duplicate));
  }

  /** Iterates over this module and all its submodules with their names. This module's name is the prefix. */
  named_modules(
    prefix?: string | Omit<NamedOptions, 'recurse'>,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Module]>;
  named_modules(...args: unknown[]): IterableIterator<[string, Module]> {
    const { prefix, remove_duplicate } = SIGNATURES.named_modules.read(args);
    return namedModules(asModule(this), prefix, remove_duplicate);
  }

  /**
   * Returns the submodule with a path such as `'features.0'`.
   *
   * @throws TypeError (AttributeError) if there is none
   */
  get_submodule(target: string): Module;
  get_submodule(...args: unknown[]): Module {
    const { target } = SIGNATURES.get_submodule.read(args);
    let module = asModule(this);
    for (const name of target === '' ? [] : target.split('.')) {
      const found = attributeOf(module, name);
      if (!(found instanceof ModuleTree)) {
        throw attributeError(`\`${name}\` is not an nn.Module`);
      }
      module = asModule(found);
    }
    return module;
  }

  /** Returns the parameter with a path such as `'features.0.weight'`. */
  get_parameter(target: string): Parameter;
  get_parameter(...args: unknown[]): Parameter {
    const [module, name] = this.#resolve(SIGNATURES.get_parameter.read(args).target);
    const found = attributeOf(module, name);
    if (!(found instanceof Parameter)) throw attributeError(`\`${name}\` is not an nn.Parameter`);
    return found;
  }

  /** Returns the buffer with a path. */
  get_buffer(target: string): Tensor;
  get_buffer(...args: unknown[]): Tensor {
    const [module, name] = this.#resolve(SIGNATURES.get_buffer.read(args).target);
    const found = attributeOf(module, name);
    if (module.#registry.kindOf(name) !== 'buffer') {
      throw attributeError(`\`${name}\` is not a buffer`);
    }
    return found as Tensor;
  }

  #resolve(target: string): [Module, string] {
    const dot = target.lastIndexOf('.');
    return [this.get_submodule(target.slice(0, Math.max(dot, 0))), target.slice(dot + 1)];
  }

  /** Calls a function with every submodule, then with this module. */
  apply(fn: (module: Module) => void): this;
  apply(...args: unknown[]): this {
    const { fn } = SIGNATURES.apply.read(args);
    for (const module of this.children()) module.apply(fn);
    fn(asModule(this));
    return this;
  }
}

const asModule = (tree: ModuleTree): Module => tree as unknown as Module;

function kindOfValue(value: unknown): Kind | undefined {
  if (value instanceof Parameter) return 'parameter';
  return value instanceof ModuleTree ? 'module' : undefined;
}

function unfit(kind: Kind, name: string, value: unknown, required: string): Error {
  return typeError(
    `cannot assign '${typename(value)}' object to ${kind} '${name}' (${required} or None required)`,
  );
}

const nonLeaf = (name: string): string =>
  `Cannot assign non-leaf Tensor to parameter '${name}'. Model parameters must be created explicitly. To express ` +
  `'${name}' as a function of another Tensor, compute the value in the forward() method.`;
