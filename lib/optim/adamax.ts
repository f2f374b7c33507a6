/** Adamax. Source: torch/optim/adamax.py. */
import { ANYTHING, FLOAT, optional, required, Signature } from '../dispatch/signature';
import { maximumInto } from '../nn/ops';
import { cat } from '../tensor/functions/concat';
import type { Tensor } from '../tensor/tensor';
import {
  type Columns,
  counter,
  ElementwiseOptimizer,
  type Make,
  type Row,
  realColumns,
  realRow,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { descent, descents, withDecay } from './formulas';
import type { ParametersOrGroups } from './optimizer';
import {
  type Arguments,
  type CapturableOptions,
  checkBetas,
  checkNotNegative,
  checkRate,
  FLAG,
  type Given,
  MAYBE_CHOICE,
  PAIR,
  type Pair,
  VALUE,
} from './options';
import { flat, minus, negated, numberOf, over, raised, scalar, type Value } from './values';

/** The options of a group of parameters. */
export interface AdamaxGroup extends CapturableOptions {
  /** The learning rate. Default: 2e-3. */
  lr: number | Tensor;
  /** How much of the average of gradients and of their norm is kept. Default: [0.9, 0.999]. */
  betas: Pair;
  /** Added to the size of gradients. Default: 1e-8. */
  eps: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number;
}

export type AdamaxOptions = Given<AdamaxGroup>;

type Names = 'step' | 'exp_avg' | 'exp_inf';

const SIGNATURE = new Signature('Adamax', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 2e-3),
  betas: optional<Pair>(PAIR, [0.9, 0.999]),
  eps: optional(FLOAT, 1e-8),
  weight_decay: optional(FLOAT, 0),
  foreach: MAYBE_CHOICE,
  maximize: FLAG,
  differentiable: FLAG,
  capturable: FLAG,
});

/**
 * Adamax: Adam with the largest of gradients for the average of their squares.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Adamax extends ElementwiseOptimizer<AdamaxGroup, Names> {
  static readonly signature = SIGNATURE.description;
  protected readonly formula = 'Adamax';

  constructor(
    params: ParametersOrGroups<AdamaxGroup>,
    ...options: Arguments<AdamaxGroup, ['lr', 'betas', 'eps', 'weight_decay', 'foreach']>
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    checkRate(defaults.lr);
    checkNotNegative('epsilon value', defaults.eps);
    checkBetas(defaults.betas);
    checkNotNegative('weight_decay value', defaults.weight_decay);
    super(params as ParametersOrGroups<AdamaxGroup>, defaults);
  }

  protected override _tensors(): Record<Names, Make<AdamaxGroup>> {
    return { step: counter, exp_avg: zerosLike, exp_inf: zerosLike };
  }

  protected override _stepOne(row: Row<Names>, group: AdamaxGroup): void {
    const { betas, eps, weight_decay, differentiable, capturable } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    row.step.add_(1);
    const decayed = withDecay(descent(row, group), row.param, weight_decay);
    const { param, grad, step, exp_avg, exp_inf } = realRow({ ...row, grad: decayed });
    exp_avg.lerp_(grad, 1 - beta1);
    exp_inf.mul_(beta2);
    const size = grad.abs().add_(eps);
    if (differentiable) exp_inf.copy_(cat([exp_inf.unsqueeze(0), size.unsqueeze(0)], 0).amax(0));
    else maximumInto(exp_inf, size, { out: exp_inf });
    if (capturable) {
      const correction = (raised(beta1, step) as Tensor).sub(1).div_(lr);
      param.addcdiv_(exp_avg, exp_inf.mul(correction));
    } else {
      const clr = over(lr, minus(1, raised(beta1, numberOf(step))));
      param.addcdiv_(exp_avg, exp_inf, { value: scalar(negated(clr)) });
    }
  }

  protected override _stepMany(columns: Columns<Names>, group: AdamaxGroup): void {
    const { betas, eps, weight_decay, maximize, capturable } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    const real = realColumns(columns);
    const { param, step, exp_avg, exp_inf } = real;
    foreach.add_(step, 1);
    let grad = descents(real, group);
    foreach.lerp_(exp_avg, grad, 1 - beta1);
    foreach.mul_(exp_inf, beta2);
    if (!maximize && weight_decay === 0) grad = foreach.abs(grad);
    else foreach.abs_(grad);
    foreach.add_(grad, eps);
    foreach.maximum_(exp_inf, grad);
    if (capturable) {
      const corrections = foreach.powers(beta1, step);
      foreach.sub_(corrections, 1);
      foreach.div_(corrections, lr);
      foreach.addcdiv_(param, exp_avg, foreach.mul(exp_inf, corrections));
    } else {
      const rate = numberOf(lr);
      const sizes = step.map(
        (count) => (rate / (1 - (raised(beta1, numberOf(count)) as number))) * -1,
      );
      foreach.addcdiv_(param, exp_avg, exp_inf, sizes);
    }
  }
}
