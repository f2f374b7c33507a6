/** Running the backward pass: what `autograd.backward` and `Tensor.backward` share. */

import { runtimeError, typeError } from '../bindings/errors';
import { describeTensor, type Handle, handleOf, isTensor, tensorHandle } from '../bindings/handle';
import type { Native } from '../bindings/native';
import { type Callee, fail } from '../dispatch/arguments';
import { ANYTHING, optional, typeOf, type ValuesOf } from '../dispatch/signature';

export function handlesOf(values: unknown, callee: Callee, name: string): Handle[] {
  const list = isTensor(values) ? [values] : values;
  if (!Array.isArray(list)) {
    throw fail(
      callee,
      `argument '${name}' must be a Tensor or an array of them, got ${describeTensor(list)}`,
    );
  }
  return list.map((value) => tensorHandle(value, callee, name));
}

export function gradientsOf(values: unknown): (Handle | null)[] {
  if (values === undefined || values === null) return [];
  const list: readonly unknown[] = Array.isArray(values) ? values : [values];
  return list.map((value) => {
    if (value === null || value === undefined) return null;
    const handle = handleOf(value);
    if (handle) return handle;
    throw typeError(`gradients can be either Tensors or None, but got ${describeTensor(value)}`);
  });
}

/** A boolean, for which null stands too. */
export const FLAG = typeOf<boolean | null>(
  'a boolean',
  (value) => value === null || typeof value === 'boolean',
);

/** How the graph is treated, as all functions of `torch.autograd` take it: null follows another parameter. */
export const GRAPH_OPTIONS = {
  retain_graph: optional(FLAG, null),
  create_graph: optional(FLAG, false),
};

/** What `backward` takes in all its forms, after the tensors and their gradients. */
export const BACKWARD_OPTIONS = {
  ...GRAPH_OPTIONS,
  inputs: optional<unknown>(ANYTHING, null),
};

/** The values of {@link GRAPH_OPTIONS}. */
type GraphOptions = ValuesOf<typeof GRAPH_OPTIONS>;

/** Whether the graph is kept, and whether the backward pass is recorded: what is recorded is kept by default. */
export function graphFlags({ retain_graph, create_graph }: GraphOptions): [boolean, boolean] {
  const createGraph = create_graph ?? false;
  return [retain_graph ?? createGraph, createGraph];
}

/** Checks the arguments of `backward` and returns those of the native call. */
export function marshalBackward(
  callee: Callee,
  tensors: unknown,
  gradients: unknown,
  options: ValuesOf<typeof BACKWARD_OPTIONS>,
): Parameters<Native['backward']> {
  const roots = handlesOf(tensors, callee, 'tensors');
  const leaves = options.inputs === null ? undefined : handlesOf(options.inputs, callee, 'inputs');
  if (leaves?.length === 0) {
    throw runtimeError('`inputs` argument to `backward()` cannot be empty.');
  }
  return [roots, gradientsOf(gradients), ...graphFlags(options), leaves ?? []];
}
