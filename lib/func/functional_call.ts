/** Source: torch/_functorch/functional_call.py, torch/nn/utils/stateless.py. */
import { runtimeError, typeError, valueError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { describe, isOptions } from '../dispatch/arguments';
import { ANYTHING, BOOL, optional, required, Signature } from '../dispatch/signature';
import { Module } from '../nn/modules/module';
import type { Tensor } from '../tensor/tensor';

/** Tensors by the names that `named_parameters` and `named_buffers` give. */
export type NamedTensors = Map<string, Tensor> | Record<string, Tensor>;

export interface FunctionalCallOptions {
  /** Uses a given tensor in place of all parameters that are the same one. Default: true. */
  tie_weights?: boolean | undefined;
  /** Throws unless exactly the module's parameters and buffers are given. Default: false. */
  strict?: boolean | undefined;
}

const SIGNATURE = new Signature('functional_call', {
  module: required(ANYTHING),
  parameter_and_buffer_dicts: required(ANYTHING),
  args: optional<unknown>(ANYTHING, null),
  kwargs: optional<unknown>(ANYTHING, null),
  tie_weights: optional(BOOL, true),
  strict: optional(BOOL, false),
});

const NAME = SIGNATURE.name;

/**
 * Calls a module with other tensors in place of its parameters and buffers, and returns the result. The module is
 * unchanged afterwards. If the module assigns or changes a buffer, the given Map or object has the new one.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html
 *
 * @param parameter_and_buffer_dicts - a Map or an object of tensors by name, or several of them with distinct names.
 *   What is not given stays the module's own
 * @param args - the arguments of the call: an array, or the only one
 * @param kwargs - options that the module's `forward` takes in its last argument
 * @throws RangeError (ValueError) if a name is given twice, or if several tensors are given for one that is shared;
 *   TorchError (RuntimeError) for names that `strict` does not allow
 */
export function functional_call<Args extends unknown[], Result>(
  module: Module<Args, Result>,
  parameter_and_buffer_dicts: NamedTensors | readonly NamedTensors[],
  args?: Args | Args[0] | null,
  kwargs?: Record<string, unknown> | null,
  options?: FunctionalCallOptions,
): Result;
export function functional_call(
  module: Module,
  dicts: NamedTensors | readonly NamedTensors[],
  args: unknown = null,
  kwargs: Record<string, unknown> | null = null,
  options: FunctionalCallOptions = {},
): unknown {
  const { tie_weights, strict } = SIGNATURE.read([module, dicts, args, kwargs, options]);
  if (!(module instanceof Module)) {
    throw typeError(`${NAME}(): argument 'module' must be a Module, got ${describe(module)}`);
  }
  const sources = (Array.isArray(dicts) ? dicts : [dicts]).map(sourceOf);
  const given = merged(sources);
  const values = tie_weights ? untied(module, given) : given;
  if (strict) checkNames(module, values);
  const list = Array.isArray(args) ? args : args === null ? [] : [args];
  const restore = replaceAll(module, values);
  try {
    return module(...list, ...(kwargs ? [kwargs] : []));
  } finally {
    const latest = restore();
    for (const source of sources) source.update(latest);
  }
}

/** One Map or object of tensors. */
interface Source {
  readonly entries: readonly (readonly [string, Tensor])[];
  /** Stores what the module has in place of the given tensors after the call. */
  update(latest: ReadonlyMap<string, unknown>): void;
}

function sourceOf(dict: unknown): Source {
  const isMap = dict instanceof Map;
  if (!isMap && !isOptions(dict)) {
    throw typeError(
      `${NAME}(): argument 'parameter_and_buffer_dicts' must be a Map or an object of tensors, or an array of them, got ${describe(dict)}`,
    );
  }
  const entries = [...(isMap ? dict.entries() : Object.entries(dict))] as [string, Tensor][];
  for (const [name, value] of entries) {
    if (isTensor(value)) continue;
    throw typeError(
      `${value === undefined ? 'undefined' : describe(value)} is not an instance of torch.Tensor: '${name}'`,
    );
  }
  return {
    entries,
    update: (latest) => {
      for (const [name, value] of entries) {
        const current = latest.get(name);
        if (current === undefined || current === value) continue;
        if (isMap) dict.set(name, current);
        else dict[name] = current;
      }
    },
  };
}

function merged(sources: readonly Source[]): Map<string, Tensor> {
  const names = sources.flatMap(({ entries }) => entries.map(([name]) => name));
  const repeated = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (repeated.length > 0) {
    throw valueError(
      `[${repeated.map((name) => `'${name}'`).join(', ')}] appeared in multiple dictionaries; behavior of functional call is ambiguous`,
    );
  }
  return new Map(sources.flatMap(({ entries }) => entries));
}

/** Returns all names of the module's tensors, with the tensor of each. */
function tensorsOf(module: Module): Map<string, Tensor> {
  const all = { remove_duplicate: false };
  return new Map<string, Tensor>([...module.named_parameters(all), ...module.named_buffers(all)]);
}

/** Adds the names of the parameters that are the same tensor as one that is given. */
function untied(module: Module, given: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const names = new Map<Tensor, string[]>();
  for (const [name, tensor] of tensorsOf(module)) {
    names.set(tensor, [...(names.get(tensor) ?? []), name]);
  }
  const values = new Map(given);
  for (const tied of names.values()) {
    const givenNames = tied.filter((name) => given.has(name));
    if (tied.length === 1 || givenNames.length === 0) continue;
    const distinct = new Set(givenNames.map((name) => given.get(name)!));
    if (distinct.size > 1) {
      const list = [...tied].sort().map((name) => `'${name}'`);
      throw valueError(
        `functional_call got multiple values for keys [${list.join(', ')}], which are tied. Consider using tie_weights=False`,
      );
    }
    for (const name of tied) values.set(name, given.get(givenNames[0]!)!);
  }
  return values;
}

function checkNames(module: Module, values: ReadonlyMap<string, Tensor>): void {
  const own = tensorsOf(module);
  const quoted = (names: string[]): string =>
    [...names]
      .sort()
      .map((name) => `'${name}'`)
      .join(', ');
  const unexpected = [...values.keys()].filter((name) => !own.has(name));
  const missing = [...own.keys()].filter((name) => !values.has(name));
  const problems = [
    ...(unexpected.length > 0 ? [`Unexpected key(s): ${quoted(unexpected)}.`] : []),
    ...(missing.length > 0 ? [`Missing key(s): ${quoted(missing)}.`] : []),
  ];
  if (problems.length === 0) return;
  throw runtimeError(
    `Error(s) in reparametrizing for ${module.constructor.name}:\n\t${problems.join('\n\t')}`,
  );
}

/** Replaces tensors of the module. Returns a function that puts the originals back and returns what was there. */
function replaceAll(
  module: Module,
  values: ReadonlyMap<string, Tensor>,
): () => Map<string, unknown> {
  const undo = new Map<string, () => unknown>();
  const restore = (): Map<string, unknown> => {
    const steps = [...undo].reverse();
    return new Map(steps.map(([name, step]) => [name, step()]));
  };
  try {
    for (const [name, value] of values) {
      const at = name.lastIndexOf('.');
      const owner = module.get_submodule(at < 0 ? '' : name.slice(0, at));
      undo.set(name, owner._replace_tensor(name.slice(at + 1), value));
    }
  } catch (error) {
    restore();
    throw error;
  }
  return restore;
}
