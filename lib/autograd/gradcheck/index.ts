/** `torch.autograd.gradcheck` and `gradgradcheck`. Source: torch/autograd/gradcheck.py, of the same release. */

import {
  assertionError,
  GradcheckError,
  notImplementedError,
  typeError,
} from '../../bindings/errors';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  FUNCTION,
  option,
  optional,
  orNull,
  required,
  Signature,
} from '../../dispatch/signature';
import { float64 } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { make_tensor } from '../../testing/make_tensor';
import { grad } from '../grad';
import { compareAll, compareDirections, type Subject } from './comparison';
import {
  asTuple,
  checkedInputs,
  type Program,
  programOf,
  requiringGrad,
  type Settings,
} from './program';
import {
  requireInputs,
  requireOutputs,
  requireProduct,
  requireUndefinedGradients,
} from './requirements';

type OneOrMore<T> = T | readonly T[];

/** A function from tensors to tensors whose gradients are checked. */
export type CheckedFunction = (...inputs: never[]) => Tensor | Iterable<Tensor>;

interface CommonOptions {
  /** The step size of finite differences. Default: 1e-6. */
  eps?: number | undefined;
  /** The absolute tolerance. Default: 1e-5. */
  atol?: number | undefined;
  /** The relative tolerance. Default: 1e-3. */
  rtol?: number | undefined;
  /** Throws a GradcheckError instead of returning false. Default: true. */
  raise_exception?: boolean | undefined;
  /** The tolerance between two backward passes. Default: 0. */
  nondet_tol?: number | undefined;
  /** Checks that backward functions treat undefined gradients as zeros. Default: true. */
  check_undefined_grad?: boolean | undefined;
  /** Checks the dtypes of gradients. Default: false. */
  check_grad_dtypes?: boolean | undefined;
  /** Not supported, since torch.vmap is missing. */
  check_batched_grad?: false | undefined;
  /** Compares products with random vectors instead of whole Jacobians. Default: false. */
  fast_mode?: boolean | undefined;
  /** Default: null. */
  masked?: boolean | null | undefined;
}

export interface GradcheckOptions extends CommonOptions {
  /** Not supported, since forward-mode differentiation is missing. */
  check_forward_ad?: false | undefined;
  /** Not supported, since forward-mode differentiation and torch.vmap are missing. */
  check_batched_forward_grad?: false | undefined;
  /** Default: true. */
  check_backward_ad?: boolean | undefined;
}

export interface GradgradcheckOptions extends CommonOptions {
  /** The gradients of the outputs. Default: null, random ones. */
  grad_outputs?: OneOrMore<Tensor> | null | undefined;
  /** Makes the random gradients non-contiguous. Default: false. */
  gen_non_contig_grad_outputs?: boolean | undefined;
  /** Not supported, since forward-mode differentiation is missing. */
  check_fwd_over_rev?: false | undefined;
  /** Default: true. */
  check_rev_over_rev?: boolean | undefined;
}

const TOLERANCES = {
  eps: option(FLOAT, 1e-6),
  atol: option(FLOAT, 1e-5),
  rtol: option(FLOAT, 1e-3),
};
const CHECKS = {
  raise_exception: option(BOOL, true),
  nondet_tol: option(FLOAT, 0),
  check_undefined_grad: option(BOOL, true),
  check_grad_dtypes: option(BOOL, false),
  check_batched_grad: option(BOOL, false),
};

const GRADCHECK = new Signature('gradcheck', {
  func: required(FUNCTION),
  inputs: required(ANYTHING),
  ...TOLERANCES,
  ...CHECKS,
  check_batched_forward_grad: option(BOOL, false),
  check_forward_ad: option(BOOL, false),
  check_backward_ad: option(BOOL, true),
  fast_mode: option(BOOL, false),
  masked: option<boolean | null>(orNull(BOOL), null),
});

const GRADGRADCHECK = new Signature('gradgradcheck', {
  func: required(FUNCTION),
  inputs: required(ANYTHING),
  grad_outputs: optional<unknown>(ANYTHING, null),
  ...TOLERANCES,
  gen_non_contig_grad_outputs: option(BOOL, false),
  ...CHECKS,
  check_fwd_over_rev: option(BOOL, false),
  check_rev_over_rev: option(BOOL, true),
  fast_mode: option(BOOL, false),
  masked: option<boolean | null>(orNull(BOOL), false),
});

/**
 * Compares a function's gradients with finite differences, for the inputs that require gradients. Use float64 or
 * complex128. `inputs` is a tensor, or the list of all arguments.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
 *
 * @returns true if the gradients agree; false if they differ and `raise_exception` is false
 * @throws GradcheckError that shows both Jacobians if they differ; RangeError (ValueError) if no input requires
 *   gradients; TorchError (NotImplementedError) for sparse inputs, and for checks of forward mode and of batched
 *   gradients
 */
export function gradcheck(
  func: CheckedFunction,
  inputs: OneOrMore<unknown>,
  options?: GradcheckOptions,
): boolean;
export function gradcheck(...args: unknown[]): boolean {
  return runGradcheck(GRADCHECK.read(args) as GradcheckArguments);
}

type GradcheckArguments = Omit<ReturnType<typeof GRADCHECK.read>, 'func'> & {
  readonly func: CheckedFunction;
};

function runGradcheck(given: GradcheckArguments): boolean {
  const { check_backward_ad, check_forward_ad, check_batched_grad, check_batched_forward_grad } =
    given;
  if (!(check_forward_ad || check_backward_ad)) {
    throw assertionError(
      'Expected at least one of check_forward_ad or check_backward_ad to be True',
    );
  }
  if (check_batched_grad && !check_backward_ad) {
    throw assertionError('Setting check_batched_grad=True requires check_backward_ad to be True');
  }
  if (check_batched_forward_grad && !check_forward_ad) {
    throw assertionError(
      'Setting check_batched_forward_grad=True requires check_forward_ad to be True',
    );
  }
  refuse({ check_forward_ad, check_batched_forward_grad, check_batched_grad });
  try {
    check(given);
    return true;
  } catch (error) {
    if (given.raise_exception || !(error instanceof GradcheckError)) throw error;
    return false;
  }
}

function refuse(options: Readonly<Record<string, boolean>>): void {
  for (const [name, isWanted] of Object.entries(options)) {
    if (!isWanted) continue;
    const need = name.includes('batched') ? 'torch.vmap' : 'forward-mode differentiation';
    throw notImplementedError(`gradcheck(): ${name}=True needs ${need}, which there is not`);
  }
}

function check(given: GradcheckArguments): void {
  const { check_undefined_grad, fast_mode, masked } = given;
  const inputs = asTuple(given.inputs);
  requireInputs(inputs);
  const program = programOf(given.func);
  const allOutputs = program(...inputs);
  const outputs = requiringGrad(allOutputs);
  requireOutputs(outputs);
  const settings: Settings = given;
  const compare = fast_mode ? compareDirections : compareAll;
  const subject: Subject = { program, inputs, allOutputs, outputs, part: undefined };
  for (const real of realSubjects(subject)) compare(real(), settings);
  requireProduct(outputs, inputs, masked);
  if (check_undefined_grad) requireUndefinedGradients(program, outputs, inputs);
}

/** Returns functions with real outputs, made lazily. For complex outputs, they are the imaginary and the real parts. */
function realSubjects(subject: Subject): (() => Subject)[] {
  if (!subject.allOutputs.some((output) => output.is_complex())) return [() => subject];
  const { inputs } = subject;
  const complexOutputs = [...subject.outputs.keys()].filter((i) =>
    subject.outputs[i]!.is_complex(),
  );
  return [true, false].map((isImaginary) => () => {
    const program: Program = (...args) =>
      subject.program(...args).map((output) => {
        if (!output.is_complex()) return output;
        return isImaginary ? output.imag : output.real;
      });
    const allOutputs = program(...inputs);
    const outputs = requiringGrad(allOutputs);
    return { program, inputs, allOutputs, outputs, part: { isImaginary, outputs: complexOutputs } };
  });
}

/**
 * Checks the gradients of a function's gradients, with respect to its inputs and to the gradients of its outputs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html
 *
 * @returns and throws as {@link gradcheck}
 */
export function gradgradcheck(
  func: CheckedFunction,
  inputs: OneOrMore<unknown>,
  options?: GradgradcheckOptions,
): boolean;
export function gradgradcheck(
  func: CheckedFunction,
  inputs: OneOrMore<unknown>,
  grad_outputs?: OneOrMore<Tensor> | null,
  options?: Omit<GradgradcheckOptions, 'grad_outputs'>,
): boolean;
export function gradgradcheck(...args: unknown[]): boolean {
  const given = GRADGRADCHECK.read(args);
  const { check_fwd_over_rev, check_rev_over_rev, check_undefined_grad, check_batched_grad } =
    given;
  if (!(check_fwd_over_rev || check_rev_over_rev)) {
    throw assertionError(
      'Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True',
    );
  }
  for (const [name, isSet] of Object.entries({ check_undefined_grad, check_batched_grad })) {
    if (!isSet || check_rev_over_rev) continue;
    throw assertionError(`Setting ${name}=True requires check_rev_over_rev to be True`);
  }
  const inputs = asTuple(given.inputs);
  const program = programOf(given.func as CheckedFunction);
  const gradients = (
    given.grad_outputs === null
      ? requiringGrad(program(...inputs)).map((output) =>
          randomGradient(output, given.gen_non_contig_grad_outputs),
        )
      : asTuple(given.grad_outputs)
  ) as readonly Tensor[];
  // Python calls func without arguments in this case, which fails in the same way.
  if (gradients.length === 0) {
    throw typeError('gradgradcheck(): func has no outputs that require gradients');
  }
  return runGradcheck({
    ...given,
    func: gradientsOf(program, inputs, gradients) as CheckedFunction,
    inputs: [...inputs, ...gradients],
    check_forward_ad: check_fwd_over_rev,
    check_backward_ad: check_rev_over_rev,
    check_batched_forward_grad: false,
  });
}

/** Returns the function that maps inputs and output gradients to input gradients. */
function gradientsOf(
  program: Program,
  inputs: readonly unknown[],
  gradients: readonly Tensor[],
): Program {
  const places = checkedInputs(inputs).map(({ place }) => place);
  return (...args) => {
    const given = args.slice(0, inputs.length);
    const leaves = places.map((place) => (given[place] as Tensor).requires_grad_());
    const outputs = requiringGrad(program(...given));
    const grad_outputs = (args.slice(inputs.length) as Tensor[]).map((gradient, index) =>
      gradients[index]!.requires_grad ? gradient.requires_grad_() : gradient,
    );
    const options = { grad_outputs, create_graph: true, allow_unused: true };
    return grad(outputs, leaves, options).filter((found): found is Tensor => found !== null);
  };
}

/** Returns random numbers from -1 to 1, in the output's shape. */
function randomGradient(output: Tensor, noncontiguous: boolean): Tensor {
  const { device, shape } = output;
  const dtype = output.is_floating_point() || output.is_complex() ? output.dtype : float64;
  const bounds = { low: -1, high: 1 };
  return make_tensor(shape, { dtype, device, ...bounds, requires_grad: true, noncontiguous });
}
