/** Running the backward pass: what `autograd.backward` and `Tensor.backward` share. */

import { runtimeError, typeError } from '../bindings/errors';
import { describeTensor, type Handle, handleOf, isTensor, tensorHandle } from '../bindings/handle';
import { type AsyncOptions, submit } from '../bindings/jobs';
import { type Native, native } from '../bindings/native';
import { type Callee, describe, fail } from '../dispatch/arguments';

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

export function flag(value: unknown, byDefault: boolean, callee: Callee, name: string): boolean {
  if (value === undefined || value === null) return byDefault;
  if (typeof value === 'boolean') return value;
  throw fail(callee, `argument '${name}' must be a boolean, got ${describe(value)}`);
}

/** Runs bound arguments: (tensors, gradients, retain_graph, create_graph, inputs). */
export function runBackward(callee: Callee, bound: readonly unknown[]): void {
  native.backward(...lowerBackward(callee, bound));
}

/** The same off the event loop. */
export function runBackwardAsync(
  callee: Callee,
  bound: readonly unknown[],
  options: AsyncOptions,
): Promise<void> {
  return submit((job) => native.async.backward(job, ...lowerBackward(callee, bound)), options);
}

function lowerBackward(callee: Callee, bound: readonly unknown[]): Parameters<Native['backward']> {
  const [tensors, gradients, retain, create, inputs] = bound;
  const roots = handlesOf(tensors, callee, 'tensors');
  const leaves =
    inputs === undefined || inputs === null ? undefined : handlesOf(inputs, callee, 'inputs');
  if (leaves?.length === 0)
    throw runtimeError('`inputs` argument to `backward()` cannot be empty.');
  const createGraph = flag(create, false, callee, 'create_graph');
  const retainGraph = flag(retain, createGraph, callee, 'retain_graph');
  return [roots, gradientsOf(gradients), retainGraph, createGraph, leaves ?? []];
}
