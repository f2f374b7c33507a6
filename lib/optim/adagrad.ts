/** Adagrad. Source: torch/optim/adagrad.py. */

import { runtimeError } from '../bindings/errors';
import { FLOAT, optional } from '../dispatch/signature';
import { op } from '../nn/ops';
import { full_like } from '../tensor/factories';
import { preserve_format, sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import * as check from './checks';
import { type Columns, counter, elementwise, type Row, realColumns } from './elementwise';
import * as foreach from './foreach';
import { descents, penalized } from './formulas';
import type { Scaling } from './fused';
import type { ParametersOrGroups } from './groups';
import {
  type Arguments,
  CHOICE,
  FLAG,
  type Given,
  learningRate,
  MAYBE_CHOICE,
  type StepOptions,
} from './options';
import { coalesced, makeSparse, sparseMask, valuesOf } from './sparse';
import { flat, isNumber, negated, numberOf, over, scalar } from './values';

/** The options of a group of parameters. */
export interface AdagradGroup extends StepOptions {
  /** The learning rate. Default: 1e-2. */
  lr: number | Tensor;
  /** How fast the learning rate falls. Default: 0. */
  lr_decay: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number;
  /** What the sum of squares begins with. Default: 0. */
  initial_accumulator_value: number;
  /** Added to the denominator. Default: 1e-10. */
  eps: number;
  /** Change all parameters in one kernel. With a GradScaler, gradients are unscaled in it. Default: null: no. */
  fused: boolean | null;
}

export type AdagradOptions = Given<AdagradGroup>;

type Names = 'sum';
type Positional = ['lr', 'lr_decay', 'weight_decay', 'initial_accumulator_value', 'eps', 'foreach'];

type Tensors = readonly Tensor[];
type Kernel = (
  parameters: Tensors,
  gradients: Tensors,
  sums: Tensors,
  steps: Tensors,
  options: Scaling & Pick<AdagradGroup, 'lr' | 'lr_decay' | 'weight_decay' | 'eps' | 'maximize'>,
) => void;

const kernel = op<Kernel>('_fused_adagrad_', ['']);
const kernelByTensor = op<Kernel>('_fused_adagrad_', ['tensor_lr']);

const Base = elementwise<AdagradGroup, Positional, Names>(
  'Adagrad',
  {
    lr: learningRate(1e-2),
    lr_decay: optional(FLOAT, 0),
    weight_decay: optional(FLOAT, 0),
    initial_accumulator_value: optional(FLOAT, 0),
    eps: optional(FLOAT, 1e-10),
    foreach: MAYBE_CHOICE,
    maximize: FLAG,
    differentiable: FLAG,
    fused: CHOICE,
  },
  [
    check.rate,
    check.notNegative('lr_decay'),
    check.decay,
    check.notNegative('initial_accumulator_value'),
    check.eps,
  ],
  (_, { initial_accumulator_value: value }) => ({
    step: counter,
    sum: (parameter) =>
      full_like(parameter, parameter.is_complex() ? { re: value, im: value } : value, {
        memory_format: preserve_format,
      }),
  }),
);

/**
 * Adagrad: steps by the gradient over the root of the sum of its squares.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Adagrad extends Base {
  constructor(
    params: ParametersOrGroups<AdagradGroup>,
    ...options: Arguments<AdagradGroup, Positional>
  ) {
    super(params, ...options);
    for (const group of this.param_groups) {
      for (const parameter of group.params) {
        const state = this.stateOf(parameter);
        for (const [name, make] of Object.entries(this._tensors(group))) {
          state[name] = make(parameter, group);
        }
      }
    }
  }

  // Sparse gradients are fine.
  protected override _checkGradient(): void {}

  protected override _stepOne(row: Row<Names>, group: AdagradGroup): void {
    const { lr_decay, weight_decay, eps } = group;
    const count = numberOf(row.step);
    const isSparse = row.grad.layout === sparse_coo;
    if (weight_decay !== 0 && isSparse) {
      throw runtimeError('weight_decay option is not compatible with sparse gradients');
    }
    const clr = over(flat(group.lr), 1 + (count - 1) * lr_decay);
    const value = scalar(negated(clr));
    if (isSparse) {
      const grad = coalesced(row.grad);
      const values = valuesOf(grad);
      row.sum.add_(makeSparse(grad, values.pow(2)));
      const std = valuesOf(sparseMask(row.sum, grad)).sqrt_().add_(eps);
      row.param.add_(makeSparse(grad, values.div(std)), { alpha: value });
      return;
    }
    const { param, grad, sum } = penalized(row, weight_decay);
    sum.addcmul_(grad, grad, { value: 1 });
    const root = sum.sqrt();
    const std = group.differentiable ? root.add(eps) : root.add_(eps);
    param.addcdiv_(grad, std, { value });
  }

  protected override _stepMany(columns: Columns<Names>, group: AdagradGroup): void {
    if (columns.grad.some(({ layout }) => layout === sparse_coo)) {
      for (const [index, param] of columns.param.entries()) {
        const [step, sum] = [columns.step[index]!, columns.sum[index]!];
        const grad = group.maximize ? columns.grad[index]!.neg() : columns.grad[index]!;
        this._stepOne({ param, grad, step, sum }, group);
      }
      return;
    }
    const { lr_decay, weight_decay, maximize, eps } = group;
    const real = realColumns(columns);
    const grad = descents(real, group);
    const down = negated(flat(group.lr));
    const rates = real.step.map((step) => over(down, 1 + (numberOf(step) - 1) * lr_decay));
    foreach.addcmul_(real.sum, grad, grad, 1);
    const std = foreach.sqrt(real.sum);
    foreach.add_(std, eps);
    let numerator = grad;
    if (weight_decay !== 0 || maximize) foreach.mul_(grad, rates);
    else numerator = foreach.mul(grad, rates);
    foreach.addcdiv_(real.param, numerator, std);
  }

  protected override _stepFused(
    columns: Columns<Names>,
    group: AdagradGroup,
    scaling: Scaling,
  ): void {
    const { lr, lr_decay, weight_decay, eps, maximize } = group;
    const { param, grad, sum, step } = columns;
    if (param[0]!.is_complex() || grad.some(({ layout }) => layout === sparse_coo)) {
      throw runtimeError('`fused` does not support sparse grad or complex param');
    }
    const isOnCpu = isNumber(lr) || lr.device.type === 'cpu';
    const rate = isOnCpu ? lr : lr.to(param[0]!.device);
    const run = isNumber(rate) ? kernel : kernelByTensor;
    run(param, grad, sum, step, {
      ...scaling,
      ...{ lr: rate, lr_decay, weight_decay, eps, maximize },
    });
  }
}
