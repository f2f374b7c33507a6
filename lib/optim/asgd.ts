/** ASGD. Source: torch/optim/asgd.py. */
import { FLOAT, optional } from '../dispatch/signature';
import { tensor } from '../tensor/creation';
import { full, ones, zeros } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import * as check from './checks';
import {
  type Columns,
  elementwise,
  numberDtype,
  type Row,
  realColumns,
  realRow,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { descents, withDecay } from './formulas';
import {
  type CapturableOptions,
  type Given,
  learningRate,
  MAYBE_CHOICE,
  MAYBE_FLAG,
} from './options';
import { flat, minus, numberOf, over, plus, raised, times, type Value } from './values';

/** The options of a group of parameters. */
export interface ASGDGroup extends CapturableOptions {
  /** The learning rate. Default: 1e-2. */
  lr: number | Tensor;
  /** How fast parameters and the learning rate fall. Default: 1e-4. */
  lambd: number;
  /** The exponent by which the learning rate falls. Default: 0.75. */
  alpha: number;
  /** The step at which averaging begins. Default: 1e6. */
  t0: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number;
}

export type ASGDOptions = Given<ASGDGroup>;

type Names = 'eta' | 'mu' | 'ax';

const Base = elementwise<
  ASGDGroup,
  [
    'lr',
    'lambd',
    'alpha',
    't0',
    'weight_decay',
    'foreach',
    'maximize',
    'differentiable',
    'capturable',
  ],
  Names
>(
  'ASGD',
  {
    lr: learningRate(1e-2),
    lambd: optional(FLOAT, 1e-4),
    alpha: optional(FLOAT, 0.75),
    t0: optional(FLOAT, 1e6),
    weight_decay: optional(FLOAT, 0),
    foreach: MAYBE_CHOICE,
    maximize: MAYBE_FLAG,
    differentiable: MAYBE_FLAG,
    capturable: MAYBE_FLAG,
  },
  [check.rate, check.decay],
  () => ({
    step: ({ device }) => zeros([], { device, dtype: numberDtype() }),
    eta: ({ device }, { lr }) => full([], numberOf(lr), { device, dtype: numberDtype() }),
    mu: ({ device }) => ones([], { device, dtype: numberDtype() }),
    ax: zerosLike,
  }),
);

/**
 * Averaged stochastic gradient descent: the average of parameters is in the state, as `ax`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class ASGD extends Base {
  protected override readonly captured = [
    'params, mus, etas, and state_steps',
    'params, mus, etas, and state_steps',
  ] as const;

  protected override _stepOne(row: Row<Names>, group: ASGDGroup): void {
    const { lambd, alpha, t0, weight_decay, capturable } = group;
    const lr = flat(group.lr);
    const real = realRow(row);
    const { param, ax, mu, eta, step } = real;
    const grad = withDecay(real.grad, param, weight_decay);
    if (capturable) {
      param.mul_(minus(1, times(lambd, eta)) as Tensor);
      param.addcmul_(grad, eta, { value: -1 });
    } else {
      const rate = numberOf(eta);
      param.mul_(1 - lambd * rate);
      param.add_(grad, { alpha: -rate });
    }
    if (capturable || numberOf(mu) !== 1) ax.add_(param.sub(ax).mul_(mu));
    else ax.copy_(param);
    const count = capturable ? step : numberOf(step);
    eta.copy_(asTensor(rateAt(count, lr, lambd, alpha)));
    mu.copy_(
      typeof count === 'number'
        ? asTensor(1 / Math.max(1, count - t0))
        : (over(1, count.sub(t0).clamp({ min: 1 })) as Tensor),
    );
  }

  protected override _stepMany(columns: Columns<Names>, group: ASGDGroup): void {
    const { lambd, alpha, t0, weight_decay, maximize, capturable } = group;
    const lr = flat(group.lr);
    const real = realColumns(columns);
    const { param, ax, mu, eta, step } = real;
    let change = descents(real, { maximize, weight_decay });
    if (weight_decay !== 0) foreach.add_(change, param, { alpha: lambd });
    else change = foreach.add(change, param, { alpha: lambd });
    foreach.addcmul_(param, change, eta, -1);
    foreach.addcmul_(ax, foreach.sub(param, ax), mu);
    if (capturable) {
      const mus = foreach.sub(step, t0);
      foreach.maximum_(mus, 1);
      foreach.reciprocal_(mus);
      foreach.copy_(mu, mus);
      const etas = foreach.mul(step, lambd);
      foreach.mul_(etas, lr);
      foreach.add_(etas, 1);
      foreach.pow_(etas, alpha);
      foreach.reciprocal_(etas);
      foreach.mul_(etas, lr);
      foreach.copy_(eta, etas);
    } else {
      foreach.copy_(
        eta,
        step.map((count) => rateAt(count, lr, lambd, alpha) as Tensor),
      );
      foreach.copy_(
        mu,
        step.map((count) => asTensor(1 / Math.max(1, numberOf(count) - t0))),
      );
    }
  }
}

/** Returns the learning rate after a step. */
const rateAt = (step: Value, lr: Value, lambd: number, alpha: number): Value =>
  over(lr, raised(plus(1, times(times(lambd, lr), step)), alpha));

const asTensor = (value: Value): Tensor => (typeof value === 'number' ? tensor(value) : value);
