/**
 * Computes Jacobians by the backward pass. Source of checks and messages: torch/autograd/gradcheck.py, of the same
 * release.
 */

import { assertionError, gradcheckError } from '../../bindings/errors';
import { op } from '../../nn/ops';
import { zeros_like } from '../../tensor/factories';
import { contiguous_format, strided } from '../../tensor/layout';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import { grad } from '../grad';
import { checkedInputs, type Settings } from './program';

const toDense = op<(self: Tensor) => Tensor>('to_dense');

type Backward = (gradient: Tensor) => (Tensor | null)[];

/** The gradients of each input, one for each row of the Jacobian. */
type Rows = (Tensor | null)[][];

const NONDETERMINISTIC = `

NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with \`nondet_tol=<tol>\` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have \`gradcheck_nondet_tol=<tol>\`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have \`gradcheck_nondet_tol=<tol>\`
`;

/**
 * Returns the Jacobians of one output, one for each input. A Jacobian has a column for each element of the output. If a
 * direction in the output is given, it has one column, the gradient in that direction.
 *
 * @throws GradcheckError if two backward passes differ, or if gradients have another dtype or size than the inputs
 */
export function analyticalJacobians(
  inputs: readonly unknown[],
  output: Tensor,
  { nondet_tol, check_grad_dtypes }: Pick<Settings, 'nondet_tol' | 'check_grad_dtypes'>,
  direction?: Tensor,
): Tensor[] {
  const tensors = checkedInputs(inputs).map(({ tensor }) => tensor);
  const backward: Backward = (gradient) =>
    grad(output, tensors, { grad_outputs: gradient, retain_graph: true, allow_unused: true });
  const rows = (): Rows => {
    const sample = output.clone();
    if (direction) return backward(direction.reshape(sample.shape)).map((row) => [copy(row)]);
    return allRows(backward, sample, tensors.length);
  };
  const [rows1, rows2] = [rows(), rows()];
  const count = direction ? 1 : output.numel();
  const first = stack(rows1, tensors, count);
  const second = stack(rows2, tensors, count);
  // Python confuses the two messages, so this does, too.
  if (!first.haveSizes && check_grad_dtypes) throw gradcheckError('Gradient has dtype mismatch');
  if (!first.haveDTypes) throw gradcheckError('Analytical gradient has incorrect size');
  if (!areWithin(first.jacobians, second.jacobians, nondet_tol)) {
    throw gradcheckError(
      'Backward is not reentrant, i.e., running backward with ' +
        'same input and grad_output multiple times gives different values, ' +
        'although analytical gradient matches numerical gradient.' +
        `The tolerance for nondeterminism was ${floatRepr(nondet_tol)}.${NONDETERMINISTIC}`,
    );
  }
  return first.jacobians;
}

const copy = (gradient: Tensor | null): Tensor | null => gradient?.clone() ?? null;

/** Returns the gradients of each element of the output. */
function allRows(backward: Backward, output: Tensor, count: number): Rows {
  const gradient = zeros_like(output, { memory_format: contiguous_format });
  const flat = gradient.view([-1]);
  const rows: Rows = Array.from({ length: count }, () => []);
  for (let element = 0; element < flat.numel(); element++) {
    flat.zero_();
    flat.index_put_([element], 1);
    for (const [input, found] of backward(gradient).entries()) rows[input]!.push(copy(found));
  }
  return rows;
}

interface Stack {
  jacobians: Tensor[];
  haveSizes: boolean;
  haveDTypes: boolean;
}

function stack(rows: Rows, inputs: readonly Tensor[], count: number): Stack {
  let [haveSizes, haveDTypes] = [true, true];
  const jacobians = inputs.map((input, index) => {
    const jacobian = input.new_zeros([input.numel(), count]);
    for (const [column, row] of rows[index]!.entries()) {
      if (!row) continue;
      if (String(row.shape) !== String(input.shape)) haveSizes = false;
      else if (row.dtype !== input.dtype) haveDTypes = false;
      const place = jacobian.select(1, column);
      const dense = row.layout === strided ? row : toDense(row);
      if (place.numel() !== dense.numel()) {
        throw assertionError(
          `Expected out_jacobian column to have ${dense.numel()} elements, but got ${place.numel()}`,
        );
      }
      place.copy_(dense.reshape([-1]));
    }
    return jacobian;
  });
  return { jacobians, haveSizes, haveDTypes };
}

function areWithin(left: readonly Tensor[], right: readonly Tensor[], tolerance: number): boolean {
  return left.every((jacobian, index) => {
    if (jacobian.numel() === 0) return true;
    return !(Number(jacobian.sub(right[index]!).abs().max().item()) > tolerance);
  });
}
