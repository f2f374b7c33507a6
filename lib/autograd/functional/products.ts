/** Products of vectors with Jacobians and Hessians. */
import { runtimeError } from '../../bindings/errors';
import { ANYTHING, optional, Signature } from '../../dispatch/signature';
import { zeros_like } from '../../tensor/factories';
import type { Tensor } from '../../tensor/tensor';
import { enable_grad, is_grad_enabled, set_grad_enabled } from '../grad_mode';
import {
  asLeaves,
  COMMON,
  type Differentiable,
  FUNC,
  type Given,
  like,
  listOf,
  OUTPUTS,
  type ProductOptions,
  release,
  singleOutput,
  type Tensors,
  vectorFor,
} from './arguments';
import { checkRequiresGrad, fillIn, gradients, type List } from './gradients';

const PARAMETERS = { ...FUNC, v: optional<unknown>(ANYTHING, null), ...COMMON };
const VJP = new Signature('vjp', PARAMETERS);
const JVP = new Signature('jvp', PARAMETERS);
const VHP = new Signature('vhp', PARAMETERS);
const HVP = new Signature('hvp', PARAMETERS);

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
    checkRequiresGrad('output', outputs.list, strict);
    const v = vectorFor(vector, outputs, 'vjp', create_graph);
    requireSingle(v, outputs.list, 'user-provided function returns');
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
    requireSingle(v, leaves, INPUT_IS);
    const outputs = listOf(func(...leaves), OUTPUTS, 'jvp');
    checkRequiresGrad('output', outputs.list, strict);
    // The backward pass is linear, so only the graph of these matters, not their values.
    const gradOutputs = outputs.list.map((output) => zeros_like(output, { requires_grad: true }));
    const gradInputs = gradients(outputs.list, leaves, gradOutputs, true);
    checkRequiresGrad('gradient', gradInputs, strict);
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
    checkRequiresGrad('jacobian', jacobian, strict);
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
    checkRequiresGrad('jacobian', jacobian, strict);
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

const withGrad = <T>(create_graph: boolean, run: () => T): T =>
  set_grad_enabled(create_graph || is_grad_enabled(), run);

const INPUT_IS = 'input to the user-provided function is';

function requireSingle(v: List | null, tensors: List, source: string): void {
  if (v || (tensors.length === 1 && tensors[0]!.numel() === 1)) return;
  throw runtimeError(
    `The vector v can only be None if the ${source} a single Tensor with a single element.`,
  );
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
  requireSingle(v, leaves, INPUT_IS);
  return { output: singleOutput(func(...leaves), name, strict), leaves, v };
}
