/** Parameters that are functions of others. Source: torch/nn/utils/parametrize.py. */
import { createError, valueError } from '../../../bindings/errors';
import { isTensor } from '../../../bindings/handle';
import {
  BOOL,
  nullable,
  option,
  optional,
  required,
  Signature,
  STRING,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { scoped } from '../../../utils/contextlib';
import { ModuleDict } from '../../modules/container';
import { MODULE, type Module } from '../../modules/module';
import { hasAttribute } from '../../modules/registry';
import { withoutGrad } from '../../ops';
import { Parameter } from '../../parameter';
import { sizeText, typename } from '../../typename';
import {
  checkResult,
  originalsOf,
  type Parametrization,
  ParametrizationList,
  type Properties,
  propertiesOf,
  register,
  setTo,
} from './list';

export { type Parametrization, ParametrizationList } from './list';

let cachedScopes = 0;
let cache = new Map<ParametrizationList, Tensor>();

/**
 * Runs a function in which each parametrized tensor is computed once, when it is first read.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.cached.html
 */
export function cached<T>(run: () => T): T {
  return scoped('cached', run, () => {
    cachedScopes++;
    return () => {
      cachedScopes--;
      if (cachedScopes === 0) cache = new Map();
    };
  });
}

function cachedValue(list: ParametrizationList): Tensor {
  const compute = list as unknown as () => Tensor;
  if (cachedScopes === 0) return compute();
  const known = cache.get(list);
  if (known) return known;
  const value = compute();
  cache.set(list, value);
  return value;
}

const listOf = (module: Module, name: string): ParametrizationList =>
  parametrizationsOf(module)!.get(name) as unknown as ParametrizationList;

function parametrizationsOf(module: Module): ModuleDict | undefined {
  const { parametrizations } = propertiesOf(module);
  return parametrizations instanceof ModuleDict ? parametrizations : undefined;
}

type AnyClass = new (...args: never[]) => Module;

/** The classes that parametrized modules have, with the class of each before. */
const classBefore = new WeakMap<object, AnyClass>();

/** Gives a module a class of its own, which has the parametrized tensors as accessors. */
function injectClass(module: Module): void {
  const Base = module.constructor as AnyClass;
  const Parametrized = class extends Base {};
  Object.defineProperty(Parametrized, 'name', { value: `Parametrized${Base.name}` });
  classBefore.set(Parametrized, Base);
  Object.setPrototypeOf(module, Parametrized.prototype);
}

function injectAccessor(module: Module, name: string): void {
  Object.defineProperty(Object.getPrototypeOf(module), name, {
    configurable: true,
    get(this: Module) {
      return cachedValue(listOf(this, name));
    },
    set(this: Module, value: Tensor) {
      listOf(this, name).right_inverse(value);
    },
  });
}

const REGISTER = new Signature('register_parametrization', {
  module: required(MODULE),
  tensor_name: required(STRING),
  parametrization: required(MODULE),
  unsafe: option(BOOL, false),
});

/**
 * Makes a parameter or buffer the result of a module, which gets the original tensor. `module.parametrizations` then has
 * the original tensors, and reading the parameter computes it. Assigning to it calls the module's `right_inverse`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html
 *
 * @param options.unsafe - whether dtype and shape may change; nothing is checked then. Default: false
 * @throws RangeError (ValueError) if there is no tensor with this name, or dtype or shape change
 */
export function register_parametrization<M extends Module>(
  module: M,
  tensor_name: string,
  parametrization: Parametrization,
  options?: { unsafe?: boolean | undefined },
): M;
export function register_parametrization(...args: unknown[]): Module {
  const { module, tensor_name, parametrization, unsafe } = REGISTER.read(args);
  parametrization.train(module.training);
  const properties = propertiesOf(module);
  if (is_parametrized(module, tensor_name)) {
    if (!unsafe) checkNext(module, tensor_name, parametrization);
    const list = listOf(module, tensor_name);
    list.append(parametrization);
    list.unsafe ||= unsafe;
    return module;
  }
  const members = [...module.named_parameters('', false), ...module.named_buffers('', false)];
  if (!members.some(([name]) => name === tensor_name)) {
    throw valueError(
      `Module '${module}' does not have a parameter, a buffer, or a parametrized element with name '${tensor_name}'`,
    );
  }
  const original = properties[tensor_name] as Tensor;
  const list = new ParametrizationList([parametrization], original, unsafe);
  delete properties[tensor_name];
  if (!is_parametrized(module)) {
    injectClass(module);
    module.register_module('parametrizations', new ModuleDict() as unknown as Module);
  }
  injectAccessor(module, tensor_name);
  parametrizationsOf(module)!.set(tensor_name, list as unknown as Module);
  return module;
}

/** Checks a parametrization that follows others. */
function checkNext(module: Module, name: string, parametrization: Parametrization): void {
  const before = propertiesOf(module)[name] as Tensor;
  const after: unknown = parametrization(before);
  const noun = `module.${name}`;
  const flag = 'unless the `unsafe` flag is enabled.';
  checkResult(after, before, flag, noun, `parametrization(${noun})`);
  if (typeof parametrization.right_inverse !== 'function') return;
  let inverse: unknown;
  try {
    inverse = parametrization.right_inverse(after as Tensor);
  } catch (error) {
    if ((error as { pythonType?: string }).pythonType === 'NotImplementedError') return;
    throw error;
  }
  if (!isTensor(inverse)) {
    throw valueError(
      `parametrization.right_inverse must return a tensor. Got: ${typename(inverse)}`,
    );
  }
  const text = (property: string, from: unknown, to: unknown): string =>
    `The tensor returned by parametrization.right_inverse must have the same ${property} as ${noun}, ${flag}\n` +
    `${noun}.${property}: ${from}\nreturned ${property}: ${to}`;
  const { dtype, shape } = inverse as Tensor;
  if (dtype !== before.dtype) throw valueError(text('dtype', before.dtype, dtype));
  if (String(shape) !== String(before.shape)) {
    throw valueError(text('shape', sizeText(before.shape), sizeText(shape)));
  }
}

const OF_MODULE = {
  module: required(MODULE),
  tensor_name: nullable(STRING),
};
const IS_PARAMETRIZED = new Signature('is_parametrized', OF_MODULE);

/** Returns whether a module has a parametrized tensor: any, or the one with a name. */
export function is_parametrized(module: Module, tensor_name?: string | null): boolean;
export function is_parametrized(...args: unknown[]): boolean {
  const { module, tensor_name } = IS_PARAMETRIZED.read(args);
  const parametrizations = parametrizationsOf(module);
  if (!parametrizations) return false;
  return tensor_name === null ? parametrizations.length > 0 : parametrizations.has(tensor_name);
}

const REMOVE = new Signature('remove_parametrizations', {
  module: required(MODULE),
  tensor_name: required(STRING),
  leave_parametrized: optional(BOOL, true),
});

/**
 * Makes a parametrized tensor a parameter or buffer again.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
 *
 * @param leave_parametrized - whether it keeps its value; if false, it gets that of the original tensor. Default: true
 * @throws RangeError (ValueError) if it is not parametrized
 */
export function remove_parametrizations<M extends Module>(
  module: M,
  tensor_name: string,
  leave_parametrized?: boolean | { leave_parametrized?: boolean },
): M;
export function remove_parametrizations(...args: unknown[]): Module {
  const { module, tensor_name, leave_parametrized } = REMOVE.read(args);
  if (!is_parametrized(module, tensor_name)) {
    throw valueError(`Module ${module} does not have a parametrization on ${tensor_name}`);
  }
  const original = originalFor(module, tensor_name, leave_parametrized);
  const Parametrized = module.constructor;
  delete (Parametrized.prototype as Properties)[tensor_name];
  parametrizationsOf(module)!.pop(tensor_name);
  register(module, tensor_name, original);
  if (is_parametrized(module)) return module;
  delete propertiesOf(module)['parametrizations'];
  Object.setPrototypeOf(module, classBefore.get(Parametrized)!.prototype);
  return module;
}

function originalFor(module: Module, name: string, leaveParametrized: boolean): Tensor {
  const list = listOf(module, name);
  const read = (): Tensor => propertiesOf(module)[name] as Tensor;
  if (list.is_tensor) {
    const { original } = list;
    if (leaveParametrized) withoutGrad(() => setTo(original, read()));
    return original;
  }
  if (!leaveParametrized) {
    throw valueError(
      'Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of tensors.',
    );
  }
  const value = read();
  return value.requires_grad ? new Parameter(value) : value;
}

const TYPE_BEFORE = new Signature('type_before_parametrizations', { module: required(MODULE) });

/** Returns the class that a module had before its tensors were parametrized. */
export function type_before_parametrizations(module: Module): unknown;
export function type_before_parametrizations(...args: unknown[]): unknown {
  const { module } = TYPE_BEFORE.read(args);
  return is_parametrized(module) ? classBefore.get(module.constructor) : module.constructor;
}

const TRANSFER = new Signature('transfer_parametrizations_and_params', {
  from_module: required(MODULE),
  to_module: required(MODULE),
  tensor_name: nullable(STRING),
});

/** Gives another module the parametrizations of a module, with the original tensors: all, or those of one tensor. */
export function transfer_parametrizations_and_params<M extends Module>(
  from_module: Module,
  to_module: M,
  tensor_name?: string | null,
): M;
export function transfer_parametrizations_and_params(...args: unknown[]): Module {
  const { from_module, to_module, tensor_name } = TRANSFER.read(args);
  if (!is_parametrized(from_module)) return to_module;
  const names = tensor_name === null ? parametrizationsOf(from_module)!.keys() : [tensor_name];
  for (const name of names) {
    if (!is_parametrized(from_module, name)) throw createError('KeyError', `'${name}'`);
    const from = listOf(from_module, name);
    if (!hasAttribute(to_module, name)) {
      const value = propertiesOf(from_module)[name] as Tensor;
      to_module.register_parameter(name, new Parameter(value));
    }
    for (const parametrization of from) register_parametrization(to_module, name, parametrization);
    const target = propertiesOf(listOf(to_module, name) as unknown as Module);
    for (const [index, original] of originalsOf(from).entries()) {
      target[from.is_tensor ? 'original' : `original${index}`] = original;
    }
  }
  return to_module;
}
