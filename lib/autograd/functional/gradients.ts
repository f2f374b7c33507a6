/** Gradients for `torch.autograd.functional`, and the errors of its strict mode. */
import { runtimeError } from '../../bindings/errors';
import { zeros_like } from '../../tensor/factories';
import type { Tensor } from '../../tensor/tensor';
import { grad } from '../grad';

export type List = readonly Tensor[];
type Maybe = readonly (Tensor | null)[];

/** Returns `autograd.grad`, which leaves out the outputs that have no gradient. */
export function gradients(
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

/** The texts for tensors that do not require a gradient, by what they are. */
const NOT_DIFFERENTIABLE = {
  output: (index: number) =>
    `Output ${index} of the user-provided function does not require gradients. The outputs must be computed in a differentiable manner from the input when running in strict mode.`,
  jacobian: (index: number) =>
    `While computing the hessian, found that the jacobian of the user-provided function with respect to input ${index} is independent of the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for example).`,
  gradient: (index: number) =>
    `The gradient with respect to input ${index} is independent of the inputs of the user-provided function. This is not allowed in strict mode.`,
};

/** If `strict`, throws for a tensor that is missing or does not require a gradient. */
export function checkRequiresGrad(
  kind: keyof typeof NOT_DIFFERENTIABLE,
  tensors: Maybe,
  strict: boolean,
): void {
  if (!strict) return;
  for (const [index, tensor] of tensors.entries()) {
    if (!tensor) throw runtimeError(INDEPENDENT.back(index));
    if (!tensor.requires_grad) throw runtimeError(NOT_DIFFERENTIABLE[kind](index));
  }
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
export function fillIn(
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
