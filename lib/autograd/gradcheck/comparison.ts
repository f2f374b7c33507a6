/**
 * Compares numerical with analytical gradients. Source of messages: torch/autograd/gradcheck.py, of the same release.
 */

import { gradcheckError, sayingMore } from '../../bindings/errors';
import { op } from '../../nn/ops';
import { Generator } from '../../random/generator';
import type { DType } from '../../tensor/dtype';
import { complex64, complex128, float32, float64 } from '../../tensor/dtype';
import { rand } from '../../tensor/factories';
import { promote_types } from '../../tensor/functions/predicates';
import type { Tensor } from '../../tensor/tensor';
import { placeOf } from '../../testing/difference/place';
import { itemOf, numberText } from '../../testing/numbers';
import { analyticalJacobians } from './analytical';
import { directionalDerivatives, numericalJacobians } from './numerical';
import {
  type ComplexPart,
  checkedInputs,
  formatted,
  isDifferentiable,
  type Program,
  type Settings,
} from './program';

/** A function to check, with all its outputs and those that require gradients. */
export interface Subject {
  readonly program: Program;
  readonly inputs: readonly unknown[];
  readonly allOutputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly part: ComplexPart | undefined;
}

const resolveConj = op<(self: Tensor) => Tensor>('resolve_conj');
const EXPECTED_ZERO = 'Numerical gradient for function expected to be zero';

// --- every element of every Jacobian ----------------------------------------------------------------------------------

/**
 * Compares all Jacobians.
 *
 * @throws GradcheckError that shows the first pair of Jacobians that differ
 */
export function compareAll(subject: Subject, settings: Settings): void {
  const { program, inputs, allOutputs, outputs, part } = subject;
  const { eps, rtol, atol } = settings;
  const numerical = numericalJacobians(program, inputs, allOutputs, eps);
  if (outputs.length === 0) {
    if (numerical.flat().some((jacobian) => Number(jacobian.ne(0).sum().item()) > 0)) {
      throw gradcheckError(EXPECTED_ZERO);
    }
    return;
  }
  // One list for each output that requires gradients, with a Jacobian for each input.
  const byOutput = (numerical[0] ?? [])
    .map((_, output) => numerical.map((jacobians) => jacobians[output]!))
    .filter((_, output) => allOutputs[output]!.requires_grad);
  for (const [i, output] of outputs.entries()) {
    const analytical = analyticalJacobians(inputs, output, settings);
    for (const [j, expected] of analytical.entries()) {
      const found = byOutput[i]![j]!;
      if (areClose(expected, found.to(expected.device), rtol, atol)) continue;
      const text = mismatchText(expected, found, i, j, part);
      throw failure(text, worstEntry(expected, found, settings));
    }
  }
}

function areClose(analytical: Tensor, numerical: Tensor, rtol: number, atol: number): boolean {
  const dtype = promote_types(analytical.dtype, numerical.dtype);
  return analytical.to(dtype).allclose(numerical.to(dtype), rtol, atol);
}

function mismatchText(
  analytical: Tensor,
  numerical: Tensor,
  output: number,
  input: number,
  part: ComplexPart | undefined,
): string {
  const name = part?.isImaginary ? 'imaginary' : 'real';
  const prefix = part?.outputs.includes(output)
    ? `While considering the ${name} part of complex outputs only, `
    : '';
  return (
    `${prefix}Jacobian mismatch for output ${output} with respect to input ${input},\n` +
    `numerical:${formatted(numerical)}\nanalytical:${formatted(analytical)}\n`
  );
}

// --- one random direction ---------------------------------------------------------------------------------------------

type Direction = Tensor | readonly [Tensor, Tensor];

/** Like {@link compareAll}, but compares the products of the Jacobians with random vectors on both sides. */
export function compareDirections(subject: Subject, settings: Settings): void {
  const { program, inputs, allOutputs, outputs } = subject;
  const { eps, nondet_tol } = settings;
  const checked = checkedInputs(inputs);
  const generator = new Generator();
  const inputDirections = checked.map(({ tensor }) => directionOf(tensor, generator));
  const outputDirections = outputs.map((output) => randomUnit(output, generator, output.dtype));
  const derivatives = (index: number): Tensor[] =>
    directionalDerivatives(program, inputs, checked[index]!.place, inputDirections[index]!, eps);

  const numerical = inputDirections.map((_, index) => {
    const ofDifferentiable = derivatives(index).filter((_, i) => isDifferentiable(allOutputs[i]!));
    return outputDirections
      .slice(0, ofDifferentiable.length)
      .map((direction, i) => direction.mul(ofDifferentiable[i]!).sum());
  });
  if (outputs.length === 0) {
    const tooLarge = (found: Tensor): boolean =>
      found.numel() > 0 && Number(found.abs().max().item()) > nondet_tol;
    if (inputDirections.some((_, index) => derivatives(index).some(tooLarge))) {
      throw gradcheckError(EXPECTED_ZERO);
    }
  }
  const analytical = outputs.map((output, i) =>
    analyticalJacobians(inputs, output, settings, outputDirections[i]!).map((gradient, j) =>
      product(gradient.T.squeeze(0), inputDirections[j]!),
    ),
  );
  for (const [j, ofInput] of numerical.entries()) {
    for (const [i, found] of ofInput.entries()) {
      const directions = [inputDirections[j]!, outputDirections[i]!] as const;
      compareProducts(subject, settings, analytical[i]![j]!, found, i, j, directions);
    }
  }
}

const REAL = new Map<DType, DType>([
  [complex128, float64],
  [complex64, float32],
]);

function directionOf(tensor: Tensor, generator: Generator): Direction {
  const dtype = REAL.get(tensor.dtype) ?? tensor.dtype;
  const real = randomUnit(tensor, generator, dtype);
  return tensor.is_complex() ? [real, randomUnit(tensor, generator, dtype)] : real;
}

function randomUnit(like: Tensor, generator: Generator, dtype: DType): Tensor {
  const vector = rand([like.numel()], { generator }).to({ dtype, device: like.device });
  return vector.div_(vector.norm());
}

function product(gradient: Tensor, direction: Direction): Tensor {
  if (!gradient.is_complex()) return gradient.dot(direction as Tensor);
  const [real, imaginary] = direction as readonly [Tensor, Tensor];
  const resolved = resolveConj(gradient);
  return resolved.real.dot(real).add(resolved.imag.dot(imaginary).mul({ re: 0, im: 1 }));
}

function compareProducts(
  subject: Subject,
  settings: Settings,
  analytical: Tensor,
  numerical: Tensor,
  output: number,
  input: number,
  [inputDirection, outputDirection]: readonly [Direction, Tensor],
): void {
  const total = (tensor: Tensor): number => Number(tensor.sum().item());
  const inputTotal = Array.isArray(inputDirection)
    ? total(inputDirection[0]!) + total(inputDirection[1]!)
    : total(inputDirection as Tensor);
  const atol = settings.atol * inputTotal * total(outputDirection);
  const found = numerical.to(analytical.device);
  if (areClose(analytical, found, settings.rtol, atol)) return;
  const [slow, worst] = slowText(subject, settings, output, input);
  throw failure(mismatchText(analytical, found, output, input, subject.part) + slow, worst);
}

const FAST_FAILS = `
Fast gradcheck failed but element-wise differences are small. This means that the
test might've passed in slow_mode!

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck:

If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with \`fast_mode=False\` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have \`gradcheck_fast_mode=False\`
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have \`gradcheck_fast_mode=False\`
`.trim();

/** Returns the message with the whole Jacobians, as {@link compareAll} shows them, and their worst entry. */
function slowText(
  { program, inputs, outputs }: Subject,
  { eps, rtol, atol }: Settings,
  output: number,
  input: number,
): [text: string, worst: string] {
  const numerical = numericalJacobians(program, inputs, outputs, eps)[input]![output]!;
  const unchecked = { nondet_tol: Number.POSITIVE_INFINITY, check_grad_dtypes: false };
  const analytical = analyticalJacobians(inputs, outputs[output]!, unchecked)[input]!;
  const greatest = numerical.sub(analytical).abs().max();
  const text =
    '\nThe above quantities relating the numerical and analytical jacobians are computed \n' +
    'in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n' +
    'about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:\n\n' +
    `Numerical:\n ${formatted(numerical)}\nAnalytical:\n${formatted(analytical)}\n\n` +
    `The max per-element difference (slow mode) is: ${numberText(itemOf(greatest))}.\n`;
  const isEqual = analytical.allclose(numerical, rtol, atol);
  return isEqual
    ? [text + FAST_FAILS, '']
    : [text, worstEntry(analytical, numerical, { rtol, atol })];
}

/** An error with Python's message and what Python does not say. */
const failure = (python: string, details: string): Error =>
  sayingMore(gradcheckError(python + details), python);

/** Names the entry that is furthest beyond the tolerance, with both sides' values. */
function worstEntry(
  analytical: Tensor,
  numerical: Tensor,
  { rtol, atol }: Pick<Settings, 'rtol' | 'atol'>,
): string {
  const dtype = promote_types(analytical.dtype, numerical.dtype);
  const [a, n] = [analytical, numerical].map((side) => side.to({ dtype, device: 'cpu' }).detach());
  const beyond = a!.sub(n!).abs().sub(n!.abs().mul(rtol).add(atol)).flatten();
  // NaN is further than any number.
  const distances = beyond.masked_fill(beyond.isnan(), Number.POSITIVE_INFINITY);
  const off = Number(distances.gt(0).sum().item());
  const [row, column] = placeOf(Number(distances.argmax().item()), a!.shape) as [number, number];
  const show = (side: Tensor): string => numberText(itemOf(side.index(row, column)));
  return (
    `\n${off} of ${a!.numel()} entries are beyond the tolerance. The worst is [${row}, ${column}], of element ${row} of the input ` +
    `and element ${column} of the output: numerical ${show(n!)}, analytical ${show(a!)}.\n`
  );
}
