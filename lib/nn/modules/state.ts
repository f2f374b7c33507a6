/** Saves and loads the parameters and buffers of a module. Source: torch/nn/modules/module.py. */
import { inspect, types } from 'node:util';
import { runtimeError, typeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe, isOptions } from '../../dispatch/arguments';
import type { Tensor } from '../../tensor/tensor';
import { withoutGrad } from '../ops';
import { Parameter } from '../parameter';
import { sizeText } from '../typename';
import { callAll, LOAD_RESULT, SAVE_RESULT } from './hooks';
import type { Module } from './module';

/** Tensors by name, in a Map or a plain object. */
export type StateDict = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** Implements `module.state_dict({ prefix, keep_vars })`. */
export function stateOf(module: Module, prefix: string, keep_vars: boolean): Map<string, Tensor> {
  const state = new Map<string, Tensor>();
  save(module, state, prefix, keep_vars);
  return state;
}

function save(module: Module, state: Map<string, Tensor>, prefix: string, keep: boolean): void {
  const hooks = module._hooks()?.lists;
  callAll(hooks?.beforeSave, undefined, module, prefix, keep);
  for (const [name, tensor] of module._local_state()) {
    state.set(prefix + name, keep ? tensor : tensor.detach());
  }
  for (const [name, child] of module._named_children()) {
    if (child) save(child, state, `${prefix}${name}.`, keep);
  }
  callAll(hooks?.afterSave, SAVE_RESULT, module, state, prefix, { version: 1 });
}

/** The names that `load_state_dict` could not use. */
export class IncompatibleKeys {
  /** Names that the module expects and the state lacks. */
  readonly missing_keys: string[] = [];
  /** Names in the state that the module does not expect. */
  readonly unexpected_keys: string[] = [];

  *[Symbol.iterator](): IterableIterator<string[]> {
    yield this.missing_keys;
    yield this.unexpected_keys;
  }

  toString(): string {
    const list = (keys: string[]): string => `[${keys.map((key) => `'${key}'`).join(', ')}]`;
    return this.missing_keys.length + this.unexpected_keys.length === 0
      ? '<All keys matched successfully>'
      : `_IncompatibleKeys(missing_keys=${list(this.missing_keys)}, unexpected_keys=${list(this.unexpected_keys)})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A call of `load_state_dict`. Collects the names that do not fit, and the errors so far. */
class Loading {
  readonly keys = new IncompatibleKeys();
  readonly problems: string[] = [];

  constructor(
    readonly strict: boolean,
    readonly assign: boolean,
  ) {}

  load(module: Module, state: Map<string, unknown>, prefix: string): void {
    const hooks = module._hooks()?.lists;
    const { missing_keys, unexpected_keys } = this.keys;
    const metadata = this.assign ? { assign_to_params_buffers: true } : {};
    const collected = [true, missing_keys, unexpected_keys, this.problems] as const;
    callAll(hooks?.beforeLoad, undefined, module, state, prefix, metadata, ...collected);
    this.#loadOwn(module, state, prefix);
    for (const [name, child] of module._named_children()) {
      if (!child) continue;
      const start = `${prefix}${name}.`;
      this.load(child, new Map([...state].filter(([key]) => key.startsWith(start))), start);
    }
    callAll(hooks?.afterLoad, LOAD_RESULT, module, this.keys);
  }

  #loadOwn(module: Module, state: ReadonlyMap<string, unknown>, prefix: string): void {
    const local = module._local_state();
    for (const [name, tensor] of local) {
      const key = prefix + name;
      if (state.has(key)) this.#loadOne(module, name, tensor, key, state.get(key));
      else if (!module._may_lack(name)) this.keys.missing_keys.push(key);
    }
    const children = new Set(module._named_children().map(([name]) => name));
    for (const key of state.keys()) {
      if (!key.startsWith(prefix)) continue;
      const [name, ...rest] = key.slice(prefix.length).split('.');
      const expected = rest.length > 0 ? children.has(name!) : local.has(name!);
      if (!expected) this.keys.unexpected_keys.push(key);
    }
  }

  #loadOne(module: Module, name: string, target: Tensor, key: string, value: unknown): void {
    if (!isTensor(value)) {
      this.problems.push(
        `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint ` +
          `but received ${describe(value)}`,
      );
      return;
    }
    let source = value as Tensor;
    const { shape } = target;
    if (shape.length === 0 && source.ndim === 1 && source.shape[0] === 1) source = source.view([]);
    if (String(source.shape) !== String(shape) || source.ndim !== shape.length) {
      this.problems.push(
        `size mismatch for ${key}: copying a param with shape ${sizeText(source.shape)} from checkpoint, ` +
          `the shape in current model is ${sizeText(shape)}.`,
      );
      return;
    }
    try {
      withoutGrad(() =>
        this.assign ? assign(module, name, target, source) : target.copy_(source),
      );
    } catch (error) {
      this.problems.push(
        `While copying the parameter named "${key}", whose dimensions in the model are ${sizeText(shape)} and ` +
          `whose dimensions in the checkpoint are ${sizeText(source.shape)}, ` +
          `an exception occurred : ('${(error as Error).message}',).`,
      );
    }
  }
}

/** Replaces a parameter or buffer by a tensor. The module's `requires_grad` is kept. */
function assign(module: Module, name: string, target: Tensor, source: Tensor): void {
  let value = source;
  if (target instanceof Parameter) {
    value =
      source instanceof Parameter
        ? source.requires_grad_(target.requires_grad)
        : new Parameter(source, target.requires_grad);
  }
  (module as unknown as Record<string, unknown>)[name] = value;
}

/** Implements `module.load_state_dict(state, { strict, assign })`. */
export function loadState(
  module: Module,
  state: StateDict,
  strict: boolean,
  assign: boolean,
): IncompatibleKeys {
  if (!types.isMap(state) && !isOptions(state)) {
    throw typeError(`Expected state_dict to be dict-like, got ${describe(state)}.`);
  }
  const entries = new Map<string, unknown>(types.isMap(state) ? state : Object.entries(state));
  const loading = new Loading(strict, assign);
  loading.load(module, entries, '');
  const { keys, problems } = loading;
  const quoted = (names: string[]): string => names.map((name) => `"${name}"`).join(', ');
  if (strict) {
    if (keys.unexpected_keys.length > 0) {
      problems.unshift(`Unexpected key(s) in state_dict: ${quoted(keys.unexpected_keys)}. `);
    }
    if (keys.missing_keys.length > 0) {
      problems.unshift(`Missing key(s) in state_dict: ${quoted(keys.missing_keys)}. `);
    }
  }
  if (problems.length > 0) {
    throw runtimeError(
      `Error(s) in loading state_dict for ${module._get_name()}:\n\t${problems.join('\n\t')}`,
    );
  }
  return keys;
}
