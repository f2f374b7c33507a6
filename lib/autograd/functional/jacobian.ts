/** Jacobians and Hessians. */
import { createError, runtimeError } from '../../bindings/errors';
import { fail } from '../../dispatch/arguments';
import { BOOL, optional, Signature, STRING } from '../../dispatch/signature';
import { zeros_like } from '../../tensor/factories';
import { stack } from '../../tensor/functions';
import type { Tensor } from '../../tensor/tensor';
import { enable_grad } from '../grad_mode';
import {
  asLeaves,
  COMMON,
  type Differentiable,
  FUNC,
  like,
  listOf,
  OUTPUTS,
  type ProductOptions,
  release,
  singleOutput,
  type Tensors,
} from './arguments';
import { checkRequiresGrad, gradients, type List } from './gradients';

export interface JacobianOptions extends ProductOptions {
  /** Not supported: true is refused. Default: false. */
  vectorize?: boolean | undefined;
}

const PARAMETERS = { ...FUNC, ...COMMON, vectorize: optional(BOOL, false) };
const STRATEGY = optional(STRING, 'reverse-mode');
const JACOBIAN = new Signature('jacobian', { ...PARAMETERS, strategy: STRATEGY });
const HESSIAN = new Signature('hessian', { ...PARAMETERS, outer_jacobian_strategy: STRATEGY });

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
    checkRequiresGrad('output', outputs.list, strict);
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
    checkRequiresGrad('jacobian', jacobian, strict);
    return jacobian;
  };
  const result = jacobianOf(gradient, list, create_graph, strict) as Tensor[][];
  return isList ? result : result[0]![0]!;
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
