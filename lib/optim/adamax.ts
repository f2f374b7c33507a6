/** Adamax. Source: torch/optim/adamax.py. */
import { maximumInto } from '../nn/ops';
import { cat } from '../tensor/functions/concat';
import type { Tensor } from '../tensor/tensor';
import * as check from './checks';
import {
  type Columns,
  counter,
  elementwise,
  type Row,
  realColumns,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { descents, penalized } from './formulas';
import {
  ADAM_LIKE,
  type AdamLikeOptions,
  FLAG,
  type Given,
  learningRate,
  MAYBE_CHOICE,
  type Pair,
} from './options';
import { flat, minus, negated, numberOf, over, raised, scalar } from './values';

/** The options of a group of parameters. */
export interface AdamaxGroup extends AdamLikeOptions {
  /** The learning rate. Default: 2e-3. */
  lr: number | Tensor;
  /** How much of the average of gradients and of their norm is kept. Default: [0.9, 0.999]. */
  betas: Pair;
  /** Added to the size of gradients. Default: 1e-8. */
  eps: number;
}

export type AdamaxOptions = Given<AdamaxGroup>;

type Names = 'exp_avg' | 'exp_inf';

const Base = elementwise<AdamaxGroup, ['lr', 'betas', 'eps', 'weight_decay', 'foreach'], Names>(
  'Adamax',
  {
    lr: learningRate(2e-3),
    ...ADAM_LIKE,
    foreach: MAYBE_CHOICE,
    maximize: FLAG,
    differentiable: FLAG,
    capturable: FLAG,
  },
  [check.rate, check.eps, check.betas, check.decay],
  () => ({ step: counter, exp_avg: zerosLike, exp_inf: zerosLike }),
);

/**
 * Adamax: Adam with the largest of gradients for the average of their squares.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Adamax extends Base {
  protected override _stepOne(row: Row<Names>, group: AdamaxGroup): void {
    const { betas, eps, weight_decay, differentiable, capturable } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    const { param, grad, step, exp_avg, exp_inf } = penalized(row, weight_decay);
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
