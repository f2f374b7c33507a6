/** Computes Jacobians by finite differences. Source: torch/autograd/gradcheck.py, of the same release. */
import { assertionError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { sizeText } from '../../nn/typename';
import { asFloat, type Scalar } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr, tupleRepr } from '../../utils/python';
import { checkedInputs, isDifferentiable, type Program } from './program';

/** The change of an input: a number or a tensor. A complex input is changed along both axes. */
type Step = number | Tensor;
type Derivative = (step: Tensor | Scalar) => Tensor[];

/** Returns the Jacobians by input and output. Each has a row for each element of the input. */
export function numericalJacobians(
  program: Program,
  inputs: readonly unknown[],
  outputs: readonly Tensor[],
  eps: number,
): Tensor[][] {
  if (outputs.some((output) => output.is_complex())) {
    throw valueError(
      'Expected output to be non-complex. get_numerical_jacobian no ' +
        'longer supports functions that return complex outputs.',
    );
  }
  return checkedInputs(inputs).map(({ tensor }) => {
    // `data` changes the elements in place without autograd.
    const { data, shape } = tensor;
    const rows = places(shape).map((place) => {
      const element = place.length > 0 ? data.index(...place) : data;
      const derivative = differences(program, inputs, element, eps, eps, place);
      return derivatives(derivative, eps, eps, data.is_complex());
    });
    return outputs.filter(isDifferentiable).map((output, index) => {
      const dtype = tensor.is_complex() ? { dtype: tensor.dtype } : {};
      const jacobian = output.new_zeros([tensor.numel(), output.numel()], dtype);
      for (const [row, values] of rows.entries()) jacobian.index_put_([row], values[index]!);
      return jacobian;
    });
  });
}

/** Returns the derivatives of all outputs in a direction of one input. */
export function directionalDerivatives(
  program: Program,
  inputs: readonly unknown[],
  place: number,
  direction: Tensor | readonly [Tensor, Tensor],
  eps: number,
): Tensor[] {
  const input = inputs[place] as Tensor;
  const { data } = input;
  const derivative = differences(program, inputs, data, eps, eps);
  const [real, imaginary = undefined] = isTensor(direction)
    ? [direction as Tensor]
    : (direction as readonly [Tensor, Tensor]);
  const step = (along: Tensor): Tensor => along.reshape(data.shape).mul(asFloat(eps));
  return derivatives(derivative, step(real), imaginary ? step(imaginary) : eps, input.is_complex());
}

/** Computes central differences: the outputs at x + step minus those at x - step, divided by twice the step size. */
function differences(
  program: Program,
  inputs: readonly unknown[],
  entry: Tensor,
  size: number,
  eps: number,
  place?: readonly number[],
): Derivative {
  const evaluate = (): Tensor[] => program(...inputs).map((output) => output.clone());
  return (step) => {
    const original = entry.clone();
    entry.copy_(original.sub(step));
    const before = evaluate();
    entry.copy_(original.add(step));
    const after = evaluate();
    entry.copy_(original);
    return before.slice(0, after.length).map((low, index) => {
      const high = after[index]!;
      requireSameKind(low, high, eps, place);
      return high
        .sub(low)
        .div(asFloat(2 * size))
        .detach()
        .reshape([-1]);
    });
  };
}

/** Returns the derivative along the real axis. For a complex input, the conjugate Wirtinger derivative. */
function derivatives(
  derivative: Derivative,
  real: Step,
  imaginary: Step,
  isComplex: boolean,
): Tensor[] {
  const alongReal = derivative(typeof real === 'number' ? asFloat(real) : real);
  if (!isComplex) {
    requireReal(alongReal, 'Expected ds_dx to be real-valued, not complex.');
    return alongReal;
  }
  const step =
    typeof imaginary === 'number' ? { re: 0, im: imaginary } : imaginary.mul({ re: 0, im: 1 });
  const alongImaginary = derivative(step);
  requireReal(alongReal, 'Expected ds_dx to be real-valued, not complex');
  return alongReal.map((change, index) => change.add(alongImaginary[index]!.mul({ re: 0, im: 1 })));
}

function requireReal(tensors: readonly Tensor[], message: string): void {
  if (tensors.some((tensor) => tensor.is_complex())) throw assertionError(message);
}

function requireSameKind(
  before: Tensor,
  after: Tensor,
  eps: number,
  place?: readonly number[],
): void {
  const where = place ? `on index ${tupleRepr(place)} ` : '';
  const fail = (what: string, ...values: [string, string]): never => {
    throw assertionError(
      `Expected \`func\` to return outputs with the same ${what} when inputs are perturbed ${where}by ` +
        `${floatRepr(eps)}, but got: ${what}s ${values[0]} and ${values[1]}.`,
    );
  };
  const shapes = [before, after].map(({ shape }) => sizeText(shape)) as [string, string];
  if (shapes[0] !== shapes[1]) fail('shape', ...shapes);
  if (before.dtype !== after.dtype) fail('dtype', String(before.dtype), String(after.dtype));
}

/** Returns all indices of a shape in row-major order. */
function places(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (heads, size) =>
      heads.flatMap((head) => Array.from({ length: size }, (_, index) => [...head, index])),
    [[]],
  );
}
