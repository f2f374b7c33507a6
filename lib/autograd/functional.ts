/**
 * `torch.autograd.functional`: Jacobians, Hessians, and their products with vectors, of a function of tensors.
 *
 * Source of the steps and messages: torch/autograd/functional.py. `vectorize` and forward mode need vmap, which this
 * package does not have: they are refused.
 *
 * See https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api
 */
import { createError, runtimeError, typeError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { fail } from '../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  FUNCTION,
  optional,
  required,
  Signature,
  STRING,
  type Type,
} from '../dispatch/signature';
import { zeros_like } from '../tensor/factories';
import { stack } from '../tensor/functions';
import type { Tensor } from '../tensor/tensor';
import { grad } from './grad';
import { enable_grad, is_grad_enabled, set_grad_enabled } from './grad_mode';

/** A tensor, or several. */
export type Tensors = Tensor | readonly Tensor[];

// biome-ignore lint/suspicious/noExplicitAny: takes as many tensors as there are inputs
export type Differentiable = (...inputs: any[]) => Tensors;

export interface ProductOptions {
  /** Computes the results so that they can be differentiated. Default: false. */
  create_graph?: boolean | undefined;
  /** Throws if the result does not depend on an input, instead of giving zeros. Default: false. */
  strict?: boolean | undefined;
}

export interface JacobianOptions extends ProductOptions {
  /** Not supported: true is refused. Default: false. */
  vectorize?: boolean | undefined;
}

type List = readonly Tensor[];
type Maybe = readonly (Tensor | null)[];

const COMMON = { create_graph: optional(BOOL, false), strict: optional(BOOL, false) };
const FUNC = { func: required(FUNCTION as Type<Differentiable>), inputs: required(ANYTHING) };
const V = { v: optional<unknown>(ANYTHING, null) };
const VJP = new Signature('vjp', { ...FUNC, ...V, ...COMMON });
const JVP = new Signature('jvp', { ...FUNC, ...V, ...COMMON });
const VHP = new Signature('vhp', { ...FUNC, ...V, ...COMMON });
const HVP = new Signature('hvp', { ...FUNC, ...V, ...COMMON });
const JACOBIAN = new Signature('jacobian', {
  ...FUNC,
  ...COMMON,
  vectorize: optional(BOOL, false),
  strategy: optional(STRING, 'reverse-mode'),
});
const HESSIAN = new Signature('hessian', {
  ...FUNC,
  ...COMMON,
  vectorize: optional(BOOL, false),
  outer_jacobian_strategy: optional(STRING, 'reverse-mode'),
});

const OUTPUTS = 'outputs of the user-provided function';

/**
 * Returns the outputs of a function, and the product of a vector with its Jacobian: one tensor for each input.
 *
 * @param v - has the shapes of the outputs. Not needed if there is one output, a scalar
 */
export function vjp(
  func: Differentiable,
  inputs: Tensors,
  v?: Tensors | ProductOptions | null,
  options?: ProductOptions,
): [func_output: Tensors, vjp: Tensors];
export function vjp(...args: unknown[]): [Tensors, Tensors] {
  const { func, inputs: given, v: vector, create_graph, strict } = VJP.read(args);
  const inputs = listOf(given, 'inputs', 'vjp');
  const { outputs, leaves, v } = enable_grad(() => {
    const leaves = asLeaves(inputs.list, create_graph, true);
    const outputs = listOf(func(...leaves), OUTPUTS, 'vjp');
    checkOutputs(outputs.list, strict);
    const v = vectorFor(vector, outputs, 'vjp', create_graph);
    if (!v && !isSingleElement(outputs.list)) {
      throw runtimeError(
        'The vector v can only be None if the user-provided function returns a single Tensor with a single element.',
      );
    }
    return { outputs, leaves, v };
  });
  const products = withGrad(create_graph, () =>
    fillIn(gradients(outputs.list, leaves, v, create_graph), leaves, strict, create_graph, 'back'),
  );
  return [
    like(outputs, release(outputs.list, create_graph)),
    like(inputs, release(products, create_graph)),
  ];
}

/**
 * Returns the outputs of a function, and the product of its Jacobian with a vector: one tensor for each output.
 *
 * @param v - has the shapes of the inputs. Not needed if there is one input, a scalar
 */
export function jvp(
  func: Differentiable,
  inputs: Tensors,
  v?: Tensors | ProductOptions | null,
  options?: ProductOptions,
): [func_output: Tensors, jvp: Tensors];
export function jvp(...args: unknown[]): [Tensors, Tensors] {
  const { func, inputs: given, v: vector, create_graph, strict } = JVP.read(args);
  const inputs = listOf(given, 'inputs', 'jvp');
  const { outputs, v, gradOutputs, gradInputs } = enable_grad(() => {
    const leaves = asLeaves(inputs.list, create_graph, true);
    const v = vectorFor(vector, { ...inputs, list: leaves }, 'jvp', create_graph);
    requireSingleInput(
      v,
      leaves,
      'The vector v can only be None if the input to the user-provided function ',
    );
    const outputs = listOf(func(...leaves), OUTPUTS, 'jvp');
    checkOutputs(outputs.list, strict);
    // The backward pass is linear, so only the graph of these matters, not their values.
    const gradOutputs = outputs.list.map((output) => zeros_like(output, { requires_grad: true }));
    const gradInputs = gradients(outputs.list, leaves, gradOutputs, true);
    checkGradInputs(gradInputs, strict);
    return { outputs, v, gradOutputs, gradInputs };
  });
  const product = (): Tensor[] =>
    fillIn(
      gradients(gradInputs, gradOutputs, v, create_graph),
      outputs.list,
      strict,
      create_graph,
      'back_trick',
    );
  const products = create_graph ? enable_grad(product) : product();
  return [
    like(outputs, release(outputs.list, create_graph)),
    like(outputs, release(products, create_graph)),
  ];
}

/**
 * Returns the Jacobian of a function: of shape (*output, *input) for one output and one input; an array of them for
 * several inputs or several outputs; an array of arrays, by output and input, for several of both.
 *
 * @throws TorchError (NotImplementedError) for `vectorize` and for forward mode
 */
export function jacobian(func: Differentiable, inputs: Tensor, options?: JacobianOptions): Tensor;
export function jacobian(
  func: Differentiable,
  inputs: Tensors,
  options?: JacobianOptions,
): Tensor | Tensor[] | Tensor[][];
export function jacobian(...args: unknown[]): Tensor | Tensor[] | Tensor[][] {
  const { func, inputs, create_graph, strict, vectorize, strategy } = JACOBIAN.read(args);
  checkStrategy(strategy, JACOBIAN.name, 'strategy');
  refuseVectorize('jacobian', vectorize, strategy);
  return jacobianOf(func, inputs, create_graph, strict);
}

function jacobianOf(
  func: Differentiable,
  given: unknown,
  create_graph: boolean,
  strict: boolean,
): Tensor | Tensor[] | Tensor[][] {
  return enable_grad(() => {
    const inputs = listOf(given, 'inputs', 'jacobian');
    const leaves = asLeaves(inputs.list, create_graph, true);
    const outputs = listOf(func(...leaves), OUTPUTS, 'jacobian');
    checkOutputs(outputs.list, strict);
    const rows = outputs.list.map((output, index) => {
      const row = rowOf(output, index, leaves, create_graph, strict);
      return like(inputs, release(row, create_graph)) as Tensor | Tensor[];
    });
    return (outputs.isList ? rows : rows[0]!) as Tensor | Tensor[] | Tensor[][];
  });
}

/** Returns the Jacobian of one output with respect to each input. */
function rowOf(
  output: Tensor,
  index: number,
  inputs: List,
  create_graph: boolean,
  strict: boolean,
): Tensor[] {
  const collected: Tensor[][] = inputs.map(() => []);
  const flat = output.numel() > 0 ? output.reshape(-1) : output;
  for (let element = 0; element < output.numel(); element++) {
    const found = gradients([flat.index(element)], inputs, null, create_graph, true);
    for (const [at, gradient] of found.entries()) {
      if (gradient && strict && create_graph && !gradient.requires_grad) {
        throw runtimeError(
          `The jacobian of the user-provided function is independent of input ${index}. This is not allowed in strict mode when create_graph=True.`,
        );
      }
      if (!gradient && strict) {
        throw runtimeError(
          `Output ${index} of the user-provided function is independent of input ${at}. This is not allowed in strict mode.`,
        );
      }
      collected[at]!.push(gradient ?? zeros_like(inputs[at]!));
    }
  }
  return collected.map((gradients, at) =>
    stack(gradients, 0).view([...output.shape, ...inputs[at]!.shape]),
  );
}

/**
 * Returns the Hessian of a function whose result is one element: of shape (*input, *input) for one input, else an
 * array of arrays, by inputs.
 *
 * @throws TorchError (RuntimeError) if the function returns anything else; (NotImplementedError) for `vectorize` and
 *   for forward mode
 */
export function hessian(func: Differentiable, inputs: Tensor, options?: JacobianOptions): Tensor;
export function hessian(
  func: Differentiable,
  inputs: Tensors,
  options?: JacobianOptions,
): Tensor | Tensor[][];
export function hessian(...args: unknown[]): Tensor | Tensor[][] {
  const { func, inputs, create_graph, strict, vectorize, outer_jacobian_strategy } =
    HESSIAN.read(args);
  const { list, isList } = listOf(inputs, 'inputs', 'hessian');
  checkStrategy(outer_jacobian_strategy, HESSIAN.name, 'outer_jacobian_strategy');
  refuseVectorize('hessian', vectorize, outer_jacobian_strategy);
  const single = (...values: Tensor[]): Tensor => {
    const output = singleOutput(func(...values), 'hessian', strict);
    return output.squeeze();
  };
  const gradient = (...values: Tensor[]): Tensor[] => {
    const jacobian = jacobianOf(single, values, true, false) as Tensor[];
    checkJacobian(jacobian, strict);
    return jacobian;
  };
  const result = jacobianOf(gradient, list, create_graph, strict) as Tensor[][];
  return isList ? result : result[0]![0]!;
}

/**
 * Returns the output of a function whose result is one element, and the product of a vector with its Hessian: one
 * tensor for each input.
 *
 * @param v - has the shapes of the inputs. Not needed if there is one input, a scalar
 */
export function vhp(
  func: Differentiable,
  inputs: Tensors,
  v?: Tensors | ProductOptions | null,
  options?: ProductOptions,
): [func_output: Tensor, vhp: Tensors];
export function vhp(...args: unknown[]): [Tensor, Tensors] {
  const { func, inputs: given, v: vector, create_graph, strict } = VHP.read(args);
  const inputs = listOf(given, 'inputs', 'vhp');
  const { output, leaves, v, jacobian } = enable_grad(() => {
    const prepared = prepare(func, inputs, vector, 'vhp', create_graph, strict);
    const jacobian = gradients([prepared.output], prepared.leaves, null, true);
    checkJacobian(jacobian, strict);
    return { ...prepared, jacobian };
  });
  const products = withGrad(create_graph, () =>
    fillIn(
      gradients(jacobian, leaves, v, create_graph),
      leaves,
      strict,
      create_graph,
      'double_back',
    ),
  );
  return [release([output], create_graph)[0]!, like(inputs, release(products, create_graph))];
}

/**
 * Returns the output of a function whose result is one element, and the product of its Hessian with a vector: one
 * tensor for each input. {@link vhp} gives the same faster, since a Hessian is symmetric.
 *
 * @param v - has the shapes of the inputs. Not needed if there is one input, a scalar
 */
export function hvp(
  func: Differentiable,
  inputs: Tensors,
  v?: Tensors | ProductOptions | null,
  options?: ProductOptions,
): [func_output: Tensor, hvp: Tensors];
export function hvp(...args: unknown[]): [Tensor, Tensors] {
  const { func, inputs: given, v: vector, create_graph, strict } = HVP.read(args);
  const inputs = listOf(given, 'inputs', 'hvp');
  const { output, leaves, v, gradJacobian, doubleBack } = enable_grad(() => {
    const prepared = prepare(func, inputs, vector, 'hvp', create_graph, strict);
    const jacobian = gradients([prepared.output], prepared.leaves, null, true);
    checkJacobian(jacobian, strict);
    const gradJacobian = prepared.leaves.map((leaf) => zeros_like(leaf, { requires_grad: true }));
    const doubleBack = gradients(jacobian, prepared.leaves, gradJacobian, true);
    return { ...prepared, gradJacobian, doubleBack };
  });
  const products = withGrad(create_graph, () =>
    fillIn(
      gradients(doubleBack, gradJacobian, v, create_graph),
      leaves,
      strict,
      create_graph,
      'double_back_trick',
    ),
  );
  return [release([output], create_graph)[0]!, like(inputs, release(products, create_graph))];
}

// --- what they share ------------------------------------------------------------------------------------------------

interface Given {
  readonly list: List;
  /** Whether the caller gave an array. */
  readonly isList: boolean;
}

function listOf(value: unknown, argument: string, name: string): Given {
  const isList = Array.isArray(value);
  const list = (isList ? value : [value]) as unknown[];
  const expected = `The ${argument} given to ${name} must be either a Tensor or a tuple of Tensors but the`;
  for (const [index, element] of list.entries()) {
    if (isTensor(element)) continue;
    const where = isList ? `value at index ${index}` : `given ${argument}`;
    throw typeError(`${expected} ${where} has type ${typeName(element)}.`);
  }
  return { list: list as Tensor[], isList };
}

const typeName = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? value.constructor?.name : typeof value;

const like = (given: Given, list: List): Tensors => (given.isList ? [...list] : list[0]!);

/** Returns copies of the inputs, so that the same tensors inside the function count as constants. */
function asLeaves(inputs: List, create_graph: boolean, needsGraph: boolean): Tensor[] {
  return inputs.map((input) =>
    create_graph && input.requires_grad
      ? input.view_as(input)
      : input.detach().requires_grad_(needsGraph),
  );
}

const release = (tensors: List, create_graph: boolean): Tensor[] =>
  create_graph ? [...tensors] : tensors.map((tensor) => tensor.detach());

const withGrad = <T>(create_graph: boolean, run: () => T): T =>
  set_grad_enabled(create_graph || is_grad_enabled(), run);

const isSingleElement = (list: List): boolean => list.length === 1 && list[0]!.numel() === 1;

function requireSingleInput(v: List | null, inputs: List, start: string): void {
  if (!v && !isSingleElement(inputs)) {
    throw runtimeError(`${start}is a single Tensor with a single element.`);
  }
}

function vectorFor(
  value: unknown,
  other: Given,
  name: string,
  create_graph: boolean,
): Tensor[] | null {
  if (value === null || value === undefined) return null;
  const v = asLeaves(listOf(value, 'v', name).list, create_graph, false);
  const { list, isList } = other;
  if (list.length !== v.length) {
    throw runtimeError(
      isList
        ? `v is a tuple of invalid length: should be ${list.length} but got ${v.length}.`
        : 'The given v should contain a single Tensor.',
    );
  }
  for (const [index, { shape }] of v.entries()) {
    const expected = list[index]!.shape;
    if (String(shape) === String(expected)) continue;
    throw runtimeError(
      `${isList ? `Entry ${index} in ` : ''}v has invalid size: should be torch.Size([${expected.join(', ')}]) but got torch.Size([${shape.join(', ')}]).`,
    );
  }
  return v;
}

/** Calls the function for a product with its Hessian, and checks what is given and returned. */
function prepare(
  func: Differentiable,
  inputs: Given,
  vector: unknown,
  name: string,
  create_graph: boolean,
  strict: boolean,
): { output: Tensor; leaves: Tensor[]; v: Tensor[] | null } {
  const leaves = asLeaves(inputs.list, create_graph, true);
  const v = vectorFor(vector, { ...inputs, list: leaves }, name, create_graph);
  requireSingleInput(
    v,
    leaves,
    'The vector v can only be None if the input to the user-provided function ',
  );
  return { output: singleOutput(func(...leaves), name, strict), leaves, v };
}

function singleOutput(value: unknown, name: string, strict: boolean): Tensor {
  const { list, isList } = listOf(value, OUTPUTS, name);
  checkOutputs(list, strict);
  if (isList) throw runtimeError(`The function given to ${name} should return a single Tensor`);
  if (list[0]!.numel() !== 1) {
    throw runtimeError(
      `The Tensor returned by the function given to ${name} should contain a single element`,
    );
  }
  return list[0]!;
}

/** Returns `autograd.grad`, which leaves out the outputs that have no gradient. */
function gradients(
  outputs: Maybe,
  inputs: List,
  weights: List | null,
  create_graph: boolean,
  retain_graph: boolean | null = null,
): (Tensor | null)[] {
  const used = outputs.flatMap((output, index) => (output?.requires_grad ? [index] : []));
  if (used.length === 0) return inputs.map(() => null);
  return grad(
    used.map((index) => outputs[index]!),
    inputs,
    used.map((index) => weights?.[index] ?? null),
    { allow_unused: true, create_graph, retain_graph },
  );
}

type Stage = 'back' | 'back_trick' | 'double_back' | 'double_back_trick';

const INDEPENDENT: Record<Stage, (index: number) => string> = {
  back: (index) =>
    `The output of the user-provided function is independent of input ${index}. This is not allowed in strict mode.`,
  back_trick: (index) =>
    `The gradient with respect to the input is independent of entry ${index} in the grad_outputs when using the double backward trick to compute forward mode gradients. This is not allowed in strict mode.`,
  double_back: (index) =>
    `The jacobian of the user-provided function is independent of input ${index}. This is not allowed in strict mode.`,
  double_back_trick: (index) =>
    `The hessian of the user-provided function is independent of entry ${index} in the grad_jacobian. This is not allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.`,
};

/** Replaces missing gradients by zeros, or refuses them if that is asked for. */
function fillIn(
  found: Maybe,
  references: List,
  strict: boolean,
  create_graph: boolean,
  stage: Stage,
): Tensor[] {
  return found.map((gradient, index) => {
    if (!gradient) {
      if (strict) throw runtimeError(INDEPENDENT[stage](index));
      return zeros_like(references[index]!);
    }
    if (strict && create_graph && !gradient.requires_grad) {
      const what = stage.startsWith('double') ? 'hessian' : 'jacobian';
      throw runtimeError(
        `The ${what} of the user-provided function is independent of input ${index}. This is not allowed in strict mode when create_graph=True.`,
      );
    }
    return gradient;
  });
}

/** If `strict`, throws for a tensor that is missing or does not require a gradient. */
function checkRequiresGrad(
  tensors: Maybe,
  strict: boolean,
  message: (index: number) => string,
): void {
  if (!strict) return;
  for (const [index, tensor] of tensors.entries()) {
    if (!tensor) throw runtimeError(INDEPENDENT.back(index));
    if (!tensor.requires_grad) throw runtimeError(message(index));
  }
}

function checkOutputs(outputs: List, strict: boolean): void {
  checkRequiresGrad(
    outputs,
    strict,
    (index) =>
      `Output ${index} of the user-provided function does not require gradients. The outputs must be computed in a differentiable manner from the input when running in strict mode.`,
  );
}

function checkGradInputs(found: Maybe, strict: boolean): void {
  checkRequiresGrad(
    found,
    strict,
    (index) =>
      `The gradient with respect to input ${index} is independent of the inputs of the user-provided function. This is not allowed in strict mode.`,
  );
}

function checkJacobian(jacobian: Maybe, strict: boolean): void {
  checkRequiresGrad(
    jacobian,
    strict,
    (index) =>
      `While computing the hessian, found that the jacobian of the user-provided function with respect to input ${index} is independent of the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for example).`,
  );
}

function checkStrategy(strategy: string, name: string, argument: string): void {
  if (strategy === 'reverse-mode' || strategy === 'forward-mode') return;
  throw fail(
    { name, parameters: [] },
    `argument '${argument}' must be 'reverse-mode' or 'forward-mode', got '${strategy}'`,
  );
}

function refuseVectorize(name: string, vectorize: boolean, strategy: string): void {
  if (!vectorize && strategy === 'reverse-mode') return;
  throw createError(
    'NotImplementedError',
    `${name}(): vectorize and forward mode are not supported; leave both options out`,
  );
}
