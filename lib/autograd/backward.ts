/** Runs the backward pass, for `autograd.backward` and `Tensor.backward`. */

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

/** A boolean or null. Null means the default. */
export const FLAG = typeOf<boolean | null>(
  'a boolean',
  (value) => value === null || typeof value === 'boolean',
);

/**
 * The options `retain_graph` and `create_graph`, which all functions of `torch.autograd` have. If `retain_graph` is
 * null, it follows `create_graph`.
 */
export const GRAPH_OPTIONS = {
  retain_graph: optional(FLAG, null),
  create_graph: optional(FLAG, false),
};

/** The options of `backward` in all its forms, after the tensors and their gradients. */
export const BACKWARD_OPTIONS = {
  ...GRAPH_OPTIONS,
  inputs: optional<unknown>(ANYTHING, null),
};

/** The values of {@link GRAPH_OPTIONS}. */
type GraphOptions = ValuesOf<typeof GRAPH_OPTIONS>;

/**
 * Returns whether the graph is kept, and whether the backward pass is recorded. A recorded one keeps the graph by
 * default.
 */
export function graphFlags({ retain_graph, create_graph }: GraphOptions): [boolean, boolean] {
  const createGraph = create_graph ?? false;
  return [retain_graph ?? createGraph, createGraph];
}

/** Checks the arguments of `backward`, and returns the arguments of the native call. */
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
