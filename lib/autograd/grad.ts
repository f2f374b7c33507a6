/**
 * Computes gradients: `autograd.backward` and `autograd.grad`.
 *
 * Source of checks and messages: torch/autograd/__init__.py, of the same release.
 */
import { runtimeError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { ANYTHING, optional, required, Signature } from '../dispatch/signature';
import { zeros_like } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import {
  BACKWARD_OPTIONS,
  FLAG,
  GRAPH_OPTIONS,
  gradientsOf,
  graphFlags,
  handlesOf,
  marshalBackward,
} from './backward';

type OneOrMore<T> = T | readonly T[];

export interface BackwardOptions {
  /** The gradient with respect to each tensor. Null means 1, for a scalar. */
  grad_tensors?: OneOrMore<Tensor | null> | null | undefined;
  /** Keeps the graph for another backward pass. Default: `create_graph`. */
  retain_graph?: boolean | null | undefined;
  /** Records the backward pass, so that gradients can be differentiated. Default: false. */
  create_graph?: boolean | undefined;
  /** Accumulates gradients into these tensors only. Default: into all leaves of the graph. */
  inputs?: OneOrMore<Tensor> | null | undefined;
}

export interface GradOptions {
  /** The gradient with respect to each output. Null means 1, for a scalar. */
  grad_outputs?: OneOrMore<Tensor | null> | null | undefined;
  /** Keeps the graph for another backward pass. Default: `create_graph`. */
  retain_graph?: boolean | null | undefined;
  /** Records the backward pass, so that gradients can be differentiated. Default: false. */
  create_graph?: boolean | undefined;
  /** Returns null for an input that the outputs do not depend on, instead of throwing. Default: `materialize_grads`. */
  allow_unused?: boolean | null | undefined;
  /** Returns zeros for an input that the outputs do not depend on. Default: false. */
  materialize_grads?: boolean | undefined;
}

const BACKWARD = new Signature('backward', {
  tensors: required(ANYTHING),
  grad_tensors: optional<unknown>(ANYTHING, null),
  ...BACKWARD_OPTIONS,
});

const GRAD = new Signature('grad', {
  outputs: required(ANYTHING),
  inputs: required(ANYTHING),
  grad_outputs: optional<unknown>(ANYTHING, null),
  ...GRAPH_OPTIONS,
  allow_unused: optional(FLAG, null),
  materialize_grads: optional(FLAG, false),
});

/**
 * Computes the gradients of the weighted sum of the tensors, and adds them to `grad` of the leaves. The weights are
 * `grad_tensors`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html
 */
export function backward(tensors: OneOrMore<Tensor>, options?: BackwardOptions): void;
export function backward(
  tensors: OneOrMore<Tensor>,
  grad_tensors?: BackwardOptions['grad_tensors'],
  options?: Omit<BackwardOptions, 'grad_tensors'>,
): void;
export function backward(...args: unknown[]): void {
  const { tensors, grad_tensors, ...options } = BACKWARD.read(args);
  native.backward(...marshalBackward(BACKWARD, tensors, grad_tensors, options));
}

/**
 * Returns the gradients of the weighted sum of the outputs with respect to each input. The weights are `grad_outputs`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
 */
export function grad(
  outputs: OneOrMore<Tensor>,
  inputs: OneOrMore<Tensor>,
  options?: GradOptions & { allow_unused?: false | null | undefined },
): Tensor[];
export function grad(
  outputs: OneOrMore<Tensor>,
  inputs: OneOrMore<Tensor>,
  options?: GradOptions,
): (Tensor | null)[];
export function grad(
  outputs: OneOrMore<Tensor>,
  inputs: OneOrMore<Tensor>,
  grad_outputs?: GradOptions['grad_outputs'],
  options?: Omit<GradOptions, 'grad_outputs'>,
): (Tensor | null)[];
export function grad(...args: unknown[]): (Tensor | null)[] {
  const { outputs, inputs, grad_outputs, allow_unused, materialize_grads, ...graph } =
    GRAD.read(args);
  if (materialize_grads && allow_unused === false) {
    throw valueError(
      'Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.',
    );
  }
  const allowUnused = allow_unused ?? materialize_grads ?? false;
  const roots = handlesOf(outputs, GRAD, 'outputs');
  const leaves = handlesOf(inputs, GRAD, 'inputs');
  if (leaves.length === 0) throw runtimeError('`inputs` argument to `grad()` cannot be empty.');
  const [retainGraph, createGraph] = graphFlags(graph);
  const weights = gradientsOf(grad_outputs);
  const found = native.grad_of(roots, leaves, weights, retainGraph, createGraph, allowUnused);
  const list = (Array.isArray(inputs) ? inputs : [inputs]) as Tensor[];
  return found.map((handle, index) => {
    if (handle !== undefined) return wrap(handle);
    return materialize_grads ? zeros_like(list[index]!, { requires_grad: createGraph }) : null;
  });
}
