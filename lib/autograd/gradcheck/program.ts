/** The function that is checked, its inputs and outputs. */

import { typeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe } from '../../dispatch/arguments';
import type { Tensor } from '../../tensor/tensor';
import { itemOf, numberText } from '../../testing/numbers';

/** A function that returns a list of outputs. */
export type Program = (...inputs: readonly unknown[]) => readonly Tensor[];

/** The tolerances of the comparison, and the additional checks of analytical gradients. */
export interface Settings {
  readonly eps: number;
  readonly atol: number;
  readonly rtol: number;
  readonly nondet_tol: number;
  readonly check_grad_dtypes: boolean;
}

/** The part of complex outputs that is considered, and the indices of these outputs. */
export interface ComplexPart {
  readonly isImaginary: boolean;
  readonly outputs: readonly number[];
}

/** Returns several values as a list, and one value as a list of one. */
export function asTuple(value: unknown): readonly unknown[] {
  if (isTensor(value) || typeof value !== 'object' || value === null) return [value];
  return Symbol.iterator in value ? [...(value as Iterable<unknown>)] : [value];
}

/**
 * Returns the function with its outputs as a list.
 *
 * @throws TypeError, when it is called, if an output is not a tensor
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

/** Returns the inputs that require gradients, with their indices. */
export function checkedInputs(inputs: readonly unknown[]): { tensor: Tensor; place: number }[] {
  return inputs.flatMap((input, place) =>
    isTensor(input) && (input as Tensor).requires_grad ? [{ tensor: input as Tensor, place }] : [],
  );
}

/** Formats a tensor as Python's `format` does: a 0-d tensor as its number. */
export const formatted = (tensor: Tensor): string =>
  tensor.ndim === 0 ? numberText(itemOf(tensor)) : String(tensor);
