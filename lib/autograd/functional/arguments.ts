/** The arguments of the functions of `torch.autograd.functional`, and what the caller's function returns. */
import { runtimeError, typeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { ANYTHING, BOOL, FUNCTION, optional, required, type Type } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { checkRequiresGrad, type List } from './gradients';

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

export const FUNC = {
  func: required(FUNCTION as Type<Differentiable>),
  inputs: required(ANYTHING),
};
export const COMMON = { create_graph: optional(BOOL, false), strict: optional(BOOL, false) };

export const OUTPUTS = 'outputs of the user-provided function';

/** Tensors that a caller gave, or that its function returned. */
export interface Given {
  readonly list: List;
  /** Whether the caller gave an array. */
  readonly isList: boolean;
}

/** Returns a tensor or several as a list. */
export function listOf(value: unknown, argument: string, name: string): Given {
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

/** Returns one tensor if `given` is one, else several. */
export const like = (given: Given, list: List): Tensors => (given.isList ? [...list] : list[0]!);

/** Returns copies of the inputs, so that the same tensors inside the function count as constants. */
export function asLeaves(inputs: List, create_graph: boolean, needsGraph: boolean): Tensor[] {
  return inputs.map((input) =>
    create_graph && input.requires_grad
      ? input.view_as(input)
      : input.detach().requires_grad_(needsGraph),
  );
}

/** Detaches results that must not be differentiated. */
export const release = (tensors: List, create_graph: boolean): Tensor[] =>
  create_graph ? [...tensors] : tensors.map((tensor) => tensor.detach());

/** Returns the vector of a product, which has the shapes of `other`. */
export function vectorFor(
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

/** Returns the result of a function that must return one element. */
export function singleOutput(value: unknown, name: string, strict: boolean): Tensor {
  const { list, isList } = listOf(value, OUTPUTS, name);
  checkRequiresGrad('output', list, strict);
  if (isList) throw runtimeError(`The function given to ${name} should return a single Tensor`);
  if (list[0]!.numel() !== 1) {
    throw runtimeError(
      `The Tensor returned by the function given to ${name} should contain a single element`,
    );
  }
  return list[0]!;
}
