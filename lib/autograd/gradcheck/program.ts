/** The function that is checked, and its inputs and outputs. */

import { typeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe } from '../../dispatch/arguments';
import type { Tensor } from '../../tensor/tensor';
import { itemOf, numberText } from '../../testing/numbers';

/** A function whose outputs are a list. */
export type Program = (...inputs: readonly unknown[]) => readonly Tensor[];

/** How close the numerical and the analytical gradients must be, and what else is checked of the latter. */
export interface Settings {
  readonly eps: number;
  readonly atol: number;
  readonly rtol: number;
  readonly nondet_tol: number;
  readonly check_grad_dtypes: boolean;
}

/** Which part of complex outputs is considered, and which outputs those are. */
export interface ComplexPart {
  readonly isImaginary: boolean;
  readonly outputs: readonly number[];
}

/** Several values as a list, or one as a list of one. */
export function asTuple(value: unknown): readonly unknown[] {
  if (isTensor(value) || typeof value !== 'object' || value === null) return [value];
  return Symbol.iterator in value ? [...(value as Iterable<unknown>)] : [value];
}

/**
 * The function with its outputs as a list.
 *
 * @throws TypeError, from its calls, for an output that is no tensor
 */
export function programOf(func: (...inputs: never[]) => unknown): Program {
  return (...inputs) => {
    const outputs = asTuple(func(...(inputs as never[])));
    for (const output of outputs) {
      if (isTensor(output)) continue;
      throw typeError(
        `gradcheck(): func must return a Tensor or an array of Tensors, got ${describe(output)}`,
      );
    }
    return outputs as readonly Tensor[];
  };
}

export const isDifferentiable = (tensor: Tensor): boolean =>
  tensor.is_floating_point() || tensor.is_complex();

export const requiringGrad = (tensors: readonly Tensor[]): Tensor[] =>
  tensors.filter(({ requires_grad }) => requires_grad);

/** The inputs that require gradients, with their places. */
export function checkedInputs(inputs: readonly unknown[]): { tensor: Tensor; place: number }[] {
  return inputs.flatMap((input, place) =>
    isTensor(input) && (input as Tensor).requires_grad ? [{ tensor: input as Tensor, place }] : [],
  );
}

/** As Python formats a tensor in a text: one without dimensions as its number. */
export const formatted = (tensor: Tensor): string =>
  tensor.ndim === 0 ? numberText(itemOf(tensor)) : String(tensor);
