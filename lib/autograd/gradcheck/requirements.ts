/**
 * Checks inputs, outputs and backward functions, apart from the gradients themselves. Source:
 * torch/autograd/gradcheck.py.
 */

import {
  gradcheckError,
  notImplementedError,
  runtimeError,
  TorchError,
  valueError,
} from '../../bindings/errors';
import { type Handle, handleOf } from '../../bindings/handle';
import { native } from '../../bindings/native';
import { warn } from '../../bindings/warnings';
import { wrap } from '../../bindings/wrap';
import { complex128, float64 } from '../../tensor/dtype';
import { zeros_like } from '../../tensor/factories';
import { contiguous_format, strided } from '../../tensor/layout';
import type { Tensor } from '../../tensor/tensor';
import { grad } from '../grad';
import { checkedInputs, type Program, requiringGrad } from './program';

/**
 * Checks the inputs.
 *
 * @throws RangeError (ValueError) if no input requires gradients; TorchError if elements share memory
 */
export function requireInputs(inputs: readonly unknown[]): void {
  const checked = checkedInputs(inputs);
  for (const { tensor, place } of checked) {
    if (tensor.dtype !== float64 && tensor.dtype !== complex128) {
      warn(
        `Input #${place} requires gradient and is not a double precision floating point or complex. ` +
          'This check will likely fail if all the inputs are ' +
          'not of double precision floating point or complex. ',
        'UserWarning',
        'torch',
      );
    }
    if (tensor.layout !== strided) {
      throw notImplementedError(`gradcheck(): inputs of layout ${tensor.layout} are not supported`);
    }
    const { shape } = tensor;
    if (tensor.stride().every((stride, dim) => stride > 0 || shape[dim]! <= 1)) continue;
    throw runtimeError(
      `The ${place}th input has a dimension with stride 0. gradcheck only ` +
        'supports inputs that are non-overlapping to be able to ' +
        'compute the numerical gradients correctly. You should call ' +
        '.contiguous on the input before passing it to gradcheck.',
    );
  }
  if (checked.length > 0) return;
  throw valueError(
    'gradcheck expects at least one input tensor to require gradient, ' +
      'but none of them have requires_grad=True.',
  );
}

/**
 * Checks the outputs.
 *
 * @throws RangeError (ValueError) for sparse outputs
 */
export function requireOutputs(outputs: readonly Tensor[]): void {
  if (outputs.every(({ layout }) => layout === strided)) return;
  throw valueError(
    'Sparse output is not supported at gradcheck yet. ' +
      'Please call to_dense(masked_grad=...) on the output of fn for gradcheck.',
  );
}

const zerosFor = (outputs: readonly Tensor[]): Tensor[] =>
  outputs.map((output) => zeros_like(output, { memory_format: contiguous_format }));

const gradients = (outputs: readonly Tensor[], inputs: readonly Tensor[]): (Tensor | null)[] =>
  grad(outputs, inputs, { grad_outputs: zerosFor(outputs), allow_unused: true });

/**
 * Checks that zero output gradients give zero input gradients.
 *
 * @throws GradcheckError
 */
export function requireProduct(
  outputs: readonly Tensor[],
  inputs: readonly unknown[],
  masked: boolean | null,
): void {
  const tensors = checkedInputs(inputs).map(({ tensor }) => tensor);
  for (const [index, gradient] of gradients(outputs, tensors).entries()) {
    if (!gradient) continue;
    const input = tensors[index]!;
    const isZero = masked ? gradient.allclose(zeros_like(gradient)) : gradient.eq(0).all().item();
    if (!isZero) throw gradcheckError('backward not multiplied by grad_output');
    if (gradient.dtype !== input.dtype) throw gradcheckError('grad is incorrect type');
    if (String(gradient.device) !== String(input.device)) {
      throw gradcheckError('grad is incorrect device');
    }
    if (String(gradient.shape) !== String(input.shape)) {
      throw gradcheckError('grad is incorrect size');
    }
  }
}

const NOTES =
  'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"';

/**
 * Checks that backward functions work if outputs have no gradient: all of them, and each of them.
 *
 * @throws GradcheckError, after a warning that the check can be turned off
 */
export function requireUndefinedGradients(
  program: Program,
  outputs: readonly Tensor[],
  inputs: readonly unknown[],
): void {
  const evaluate = (): Tensor[] => requiringGrad(program(...inputs));
  const withoutGradient = (tensor: Tensor): Tensor =>
    wrap(native.without_gradient(handleOf(tensor) as Handle));
  const cases = [evaluate().map(withoutGradient)];
  if (cases[0]!.length > 1) {
    for (const index of outputs.keys()) {
      cases.push(evaluate().map((output, i) => (i === index ? withoutGradient(output) : output)));
    }
  }
  const tensors = checkedInputs(inputs).map(({ tensor }) => tensor);
  for (const subjects of cases) requireNoGradient(subjects, tensors);
}

function requireNoGradient(outputs: readonly Tensor[], inputs: readonly Tensor[]): void {
  let found: (Tensor | null)[];
  try {
    found = gradients(outputs, inputs);
  } catch (cause) {
    if (!(cause instanceof TorchError)) throw cause;
    warnOfCheck();
    const error = gradcheckError(
      `Expected backward function to handle undefined output grads. ${NOTES}`,
    );
    error.cause = cause;
    throw error;
  }
  if (found.every((gradient) => !gradient || gradient.eq(0).all().item())) return;
  warnOfCheck();
  throw gradcheckError(
    `Expected all input grads to be undefined or zero when all output grads are undefined or zero. ${NOTES}`,
  );
}

function warnOfCheck(): void {
  warn(
    'Backwards compatibility: New undefined gradient support checking ' +
      'feature is enabled by default, but it may break existing callers ' +
      'of this function. If this is true for you, you can call this ' +
      'function with "check_undefined_grad=False" to disable the feature',
    'UserWarning',
    'torch',
  );
}
