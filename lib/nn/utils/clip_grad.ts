/** Limits gradients by their norm or by value. Source: torch/nn/utils/clip_grad.py, of the same release. */

import { runtimeError, typeError } from '../../bindings/errors';
import { handleOf, isTensor } from '../../bindings/handle';
import { native } from '../../bindings/native';
import { warn } from '../../bindings/warnings';
import { describe } from '../../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  nullable,
  optional,
  required,
  Signature,
  TENSOR,
  type Type,
} from '../../dispatch/signature';
import { chosenDefaultDevice } from '../../tensor/default_device';
import { asFloat, type Float } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import { op, to, withoutGrad, zeros } from '../ops';

type Tensors = Tensor | Iterable<Tensor>;

export interface TotalNormOptions {
  /** The order of the norm. Infinity is the maximum norm. Default: 2. */
  norm_type?: number | undefined;
  /** Whether an infinite or NaN norm throws an error. Default: false. */
  error_if_nonfinite?: boolean | undefined;
  /** Whether one kernel computes all tensors of a device and dtype. Default: null, if the device supports it. */
  foreach?: boolean | null | undefined;
}

export type ForeachOption = Pick<TotalNormOptions, 'foreach'>;

const NORM = {
  norm_type: optional(FLOAT, 2),
  error_if_nonfinite: optional(BOOL, false),
  foreach: nullable(BOOL),
};
const { foreach: FOREACH } = NORM;
const ITERABLE = required(ANYTHING as Type<Tensors>);
const SIGNATURES = {
  get_total_norm: new Signature('get_total_norm', { tensors: ITERABLE, ...NORM }),
  clip_grads_with_norm_: new Signature('clip_grads_with_norm_', {
    parameters: ITERABLE,
    max_norm: required(FLOAT),
    total_norm: required(TENSOR),
    foreach: FOREACH,
  }),
  clip_grad_norm_: new Signature('clip_grad_norm_', {
    parameters: ITERABLE,
    max_norm: required(FLOAT),
    ...NORM,
  }),
  clip_grad_value_: new Signature('clip_grad_value_', {
    parameters: ITERABLE,
    clip_value: required(FLOAT),
    foreach: FOREACH,
  }),
};

const vectorNorm = op<(x: Tensor, ord: Float) => Tensor>('linalg_vector_norm');
const foreachNorm = op<(x: readonly Tensor[], ord: Float) => Tensor[]>('_foreach_norm', ['Scalar']);
const foreachMul_ = op<(x: readonly Tensor[], by: Tensor) => void>('_foreach_mul_', ['Tensor']);
const foreachClampMin_ = op<(x: readonly Tensor[], least: Float) => void>('_foreach_clamp_min_', [
  'Scalar',
]);
const foreachClampMax_ = op<(x: readonly Tensor[], most: Float) => void>('_foreach_clamp_max_', [
  'Scalar',
]);

/**
 * Returns the norm of several tensors, as if they were one vector.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
 *
 * @throws TorchError (RuntimeError) if the norm is infinite or NaN and `error_if_nonfinite` is true
 */
export function get_total_norm(tensors: Tensors, options?: TotalNormOptions): Tensor;
export function get_total_norm(
  tensors: Tensors,
  norm_type: number,
  error_if_nonfinite?: boolean,
  foreach?: boolean | null,
): Tensor;
export function get_total_norm(...args: unknown[]): Tensor {
  const { tensors, ...options } = SIGNATURES.get_total_norm.read(args);
  const list = listOf('get_total_norm', 'tensors', tensors);
  return withoutGrad(() => totalNorm(list, options));
}

/**
 * Multiplies the gradients of parameters by `max_norm / total_norm` if that is below 1.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html
 */
export function clip_grads_with_norm_(
  parameters: Tensors,
  max_norm: number,
  total_norm: Tensor,
  foreach?: boolean | null | ForeachOption,
): void;
export function clip_grads_with_norm_(...args: unknown[]): void {
  const { parameters, max_norm, total_norm, foreach } = SIGNATURES.clip_grads_with_norm_.read(args);
  const gradients = gradientsOf('clip_grads_with_norm_', parameters);
  withoutGrad(() => scale(gradients, max_norm, total_norm, foreach));
}

/**
 * Scales the gradients of parameters so that their norm, as one vector, is at most `max_norm`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 *
 * @returns the norm before clipping
 * @throws TorchError (RuntimeError) if the norm is infinite or NaN and `error_if_nonfinite` is true
 */
export function clip_grad_norm_(
  parameters: Tensors,
  max_norm: number,
  options?: TotalNormOptions,
): Tensor;
export function clip_grad_norm_(
  parameters: Tensors,
  max_norm: number,
  norm_type: number,
  error_if_nonfinite?: boolean,
  foreach?: boolean | null,
): Tensor;
export function clip_grad_norm_(...args: unknown[]): Tensor {
  const { parameters, max_norm, ...options } = SIGNATURES.clip_grad_norm_.read(args);
  const list = listOf('clip_grad_norm_', 'parameters', parameters);
  if (list.length === 0 && isGenerator(parameters)) warn(EMPTY, 'UserWarning', 'user');
  const gradients = gradientsOf('clip_grad_norm_', list);
  return withoutGrad(() => {
    const norm = totalNorm(gradients, options);
    scale(gradients, max_norm, norm, options.foreach);
    return norm;
  });
}

/**
 * Clips each element of the gradients of parameters to the range from `-clip_value` to `clip_value`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 */
export function clip_grad_value_(
  parameters: Tensors,
  clip_value: number,
  foreach?: boolean | null | ForeachOption,
): void;
export function clip_grad_value_(...args: unknown[]): void {
  const { parameters, clip_value, foreach } = SIGNATURES.clip_grad_value_.read(args);
  const [least, most] = [asFloat(-clip_value), asFloat(clip_value)];
  const gradients = gradientsOf('clip_grad_value_', parameters);
  withoutGrad(() => {
    for (const group of groupsOf(gradients)) {
      if (isForeach(group, foreach)) {
        foreachClampMin_(group, least);
        foreachClampMax_(group, most);
      } else {
        for (const gradient of group) gradient.clamp_(least, most);
      }
    }
  });
}

function totalNorm(
  tensors: readonly Tensor[],
  options: { norm_type: number; error_if_nonfinite: boolean; foreach: boolean | null },
): Tensor {
  const { norm_type, error_if_nonfinite, foreach } = options;
  const order = asFloat(norm_type);
  const [first] = tensors;
  if (!first) return zero();
  const norms = groupsOf(tensors).flatMap((group) =>
    isForeach(group, foreach)
      ? foreachNorm(group, order)
      : group.map((tensor) => vectorNorm(tensor, order)),
  );
  const { device } = first;
  const norm = vectorNorm(stack(norms.map((each) => to(each, { device }))), order);
  if (error_if_nonfinite && !norm.isfinite().item()) {
    throw runtimeError(
      `The total norm of order ${floatRepr(norm_type)} for gradients from \`parameters\` is non-finite, so it cannot ` +
        'be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set ' +
        '`error_if_nonfinite=False`',
    );
  }
  return norm;
}

const stack = op<(tensors: readonly Tensor[]) => Tensor>('stack');
const zero = (): Tensor => zeros([], { device: chosenDefaultDevice() });

function scale(
  gradients: readonly Tensor[],
  maxNorm: number,
  norm: Tensor,
  foreach: boolean | null,
): void {
  if (gradients.length === 0) return;
  // Computes Python's `max_norm / norm`. If that is 1 or more, the gradients are multiplied by 1, so that the CPU need
  // not wait for the device to compare.
  const factor = norm
    .add(1e-6)
    .reciprocal()
    .mul(asFloat(maxNorm))
    .clamp({ max: asFloat(1) });
  for (const group of groupsOf(gradients)) {
    const there = to(factor, { device: group[0]!.device });
    if (isForeach(group, foreach)) foreachMul_(group, there);
    else for (const gradient of group) gradient.mul_(there);
  }
}

/** Groups tensors by device and dtype. */
function groupsOf(tensors: readonly Tensor[]): Tensor[][] {
  const groups = native.group_by_device_and_dtype(tensors.map((tensor) => handleOf(tensor)!));
  return groups.map((indices) => indices.map((index) => tensors[index]!));
}

/** The device types with kernels for lists of tensors. The CPU's kernels are loops. */
const WITH_FOREACH: ReadonlySet<string> = new Set(['cpu', 'cuda', 'xpu', 'mtia']);

/**
 * Returns whether to use the kernels for lists of tensors.
 *
 * @throws TorchError (RuntimeError) if they are requested and the device has none
 */
function isForeach([first]: readonly Tensor[], foreach: boolean | null): boolean {
  if (foreach === false) return false;
  const { type } = first!.device;
  if (WITH_FOREACH.has(type)) return true;
  if (!foreach) return false;
  throw runtimeError(`foreach=True was passed, but can't use the foreach API on ${type} tensors`);
}

function gradientsOf(name: string, parameters: Tensors): Tensor[] {
  return listOf(name, 'parameters', parameters).flatMap(({ grad }) => grad ?? []);
}

/**
 * Returns a list of tensors from one tensor or a list.
 *
 * @throws TypeError for any other value
 */
function listOf(name: string, argument: string, tensors: Tensors): Tensor[] {
  if (isTensor(tensors)) return [tensors as Tensor];
  const isIterable = typeof (tensors as Iterable<Tensor> | null)?.[Symbol.iterator] === 'function';
  if (!isIterable || typeof tensors === 'string') throw refused(name, argument, tensors);
  const list = [...tensors] as Tensor[];
  for (const tensor of list) if (!isTensor(tensor)) throw refused(name, argument, tensor);
  return list;
}

const refused = (name: string, argument: string, value: unknown): Error =>
  typeError(
    `${name}(): argument '${argument}' must be a Tensor or an iterable of Tensors, got ${describe(value)}`,
  );

const isGenerator = (value: unknown): boolean =>
  Object.prototype.toString.call(value) === '[object Generator]';

const EMPTY = '`parameters` is an empty generator, no gradient clipping will occur.';
