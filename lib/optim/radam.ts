/** RAdam. Source: torch/optim/radam.py. */
import { BOOL, optional } from '../dispatch/signature';
import { where } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import * as check from './checks';
import {
  type Columns,
  counter,
  elementwise,
  type Row,
  realColumns,
  realRow,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { addAllToAverages, addToAverages, decayed, descentsDecayed } from './formulas';
import {
  ADAM_LIKE,
  type AdamLikeOptions,
  CHOICE,
  FLAG,
  type Given,
  learningRate,
  type Pair,
} from './options';
import { flat, isNumber, minus, numberOf, over, raised, scalar, times, type Value } from './values';

/** The options of a group of parameters. */
export interface RAdamGroup extends AdamLikeOptions {
  /** The learning rate. Default: 1e-3. */
  lr: number | Tensor;
  /** Take the weight decay from the parameters, not into the gradients. Default: false. */
  decoupled_weight_decay: boolean;
}

export type RAdamOptions = Given<RAdamGroup>;

type Names = 'exp_avg' | 'exp_avg_sq';

const Base = elementwise<
  RAdamGroup,
  ['lr', 'betas', 'eps', 'weight_decay', 'decoupled_weight_decay'],
  Names
>(
  'RAdam',
  {
    lr: learningRate(1e-3),
    ...ADAM_LIKE,
    decoupled_weight_decay: optional(BOOL, false),
    foreach: CHOICE,
    maximize: FLAG,
    capturable: FLAG,
    differentiable: FLAG,
  },
  [check.rate, check.eps, check.betas, check.decay],
  () => ({ step: counter, exp_avg: zerosLike, exp_avg_sq: zerosLike }),
);

/**
 * RAdam: Adam whose steps are not adaptive until the variance is known well enough.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class RAdam extends Base {
  protected override _stepOne(row: Row<Names>, group: RAdamGroup): void {
    const { betas, eps, capturable, differentiable } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    const real = realRow(row);
    const { param, exp_avg, exp_avg_sq } = real;
    const step = capturable ? real.step : numberOf(real.step);
    addToAverages(real, decayed(real, lr, group), betas);
    const correction2 = minus(1, raised(beta2, step));
    const corrected = exp_avg.div(minus(1, raised(beta1, step)) as Tensor);
    const most = 2 / (1 - beta2) - 1;
    const length = lengthAt(step, beta2, most);
    const adaptiveRate = (): Tensor => {
      const root = exp_avg_sq.sqrt();
      const denom = differentiable ? root.add(eps) : root.add_(eps);
      return over(raised(correction2, 0.5), denom) as Tensor;
    };
    const change = corrected.mul(scalar(lr));
    if (!isNumber(length)) {
      const adaptive = adaptiveRate().mul(rectification(length, most) as Tensor);
      param.add_(change.mul(where(length.gt(5), adaptive, 1)), { alpha: -1 });
    } else if (length > 5) {
      const adaptive = change.mul(adaptiveRate());
      param.add_(adaptive.mul(rectification(length, most) as Tensor), { alpha: -1 });
    } else {
      param.add_(change, { alpha: -1 });
    }
  }

  protected override _stepMany(columns: Columns<Names>, group: RAdamGroup): void {
    const { betas, eps } = group;
    const lr = flat(group.lr);
    const real = realColumns(columns);
    const { param, step, exp_avg, exp_avg_sq } = real;
    addAllToAverages(real, descentsDecayed(real, lr, group), betas);
    const [adaptive, plain] = group.capturable
      ? sizesOnDevice(step, betas, lr)
      : sizes(step.map(numberOf), betas, lr);
    const factors = foreach.sqrt(exp_avg_sq);
    foreach.add_(factors, eps);
    foreach.div_(factors, adaptive);
    foreach.reciprocal_(factors);
    foreach.add_(factors, plain);
    foreach.addcmul_(param, exp_avg, factors);
  }
}

/** Returns the length of the simple moving average that a step's average approximates. */
function lengthAt(step: Value, beta2: number, most: number): Value {
  const power = raised(beta2, step);
  return minus(most, over(times(times(2, step), power), minus(1, power)));
}

/** Returns what makes the variance of the adaptive rate that of a long average. */
function rectification(length: Value, most: number): Value {
  const numerator = times(times(minus(length, 4), minus(length, 2)), most);
  return raised(over(numerator, times((most - 4) * (most - 2), length)), 0.5);
}

type Sizes = [adaptive: readonly Value[], plain: readonly Value[]];

/** Returns the negative step sizes: of each step one is 0. */
function sizes(counts: readonly number[], [beta1, beta2]: Pair, lr: Value): Sizes {
  const most = 2 / (1 - beta2) - 1;
  const rects = counts.map((count) => {
    const length = lengthAt(count, beta2, most) as number;
    return length > 5 ? (rectification(length, most) as number) : 0;
  });
  const corrections = counts.map((count) => minus(1, raised(beta1, count)));
  const plain = rects.map((rect, index) =>
    times(over(times(lr, rect > 0 ? 0 : 1), corrections[index]!), -1),
  );
  const adaptive = rects.map((rect, index) => {
    const root = raised(minus(1, raised(beta2, counts[index]!)), 0.5);
    return times(times(root, over(times(lr, rect), corrections[index]!)), -1);
  });
  return [adaptive, plain];
}

function sizesOnDevice(steps: Tensor[], [beta1, beta2]: Pair, lr: Value): Sizes {
  const most = 2 / (1 - beta2) - 1;
  const lengths = foreach.powers(beta2, steps);
  foreach.mul_(lengths, steps);
  foreach.mul_(lengths, 2);
  foreach.div_(lengths, corrections(beta2, steps));
  foreach.neg_(lengths);
  foreach.add_(lengths, most);
  const numerators = foreach.sub(lengths, 4);
  foreach.mul_(numerators, foreach.sub(lengths, 2));
  foreach.mul_(numerators, most);
  foreach.div_(numerators, foreach.mul(lengths, (most - 4) * (most - 2)));
  foreach.sqrt_(numerators);
  const rects = lengths.map((length, index) => where(length.gt(5), numerators[index]!, 0));
  const plain = rects.map((rect) => where(rect.gt(0), 0, 1));
  const correction1 = corrections(beta1, steps);
  foreach.mul_(plain, lr);
  foreach.div_(plain, correction1);
  foreach.neg_(plain);
  const adaptive = corrections(beta2, steps);
  foreach.sqrt_(adaptive);
  foreach.mul_(adaptive, lr);
  foreach.mul_(adaptive, rects);
  foreach.neg_(adaptive);
  foreach.div_(adaptive, correction1);
  return [adaptive, plain];
}

function corrections(beta: number, steps: Tensor[]): Tensor[] {
  const powers = foreach.powers(beta, steps);
  foreach.neg_(powers);
  foreach.add_(powers, 1);
  return powers;
}
