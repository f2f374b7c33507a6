/** NAdam. Source: torch/optim/nadam.py. */
import { BOOL, FLOAT, optional } from '../dispatch/signature';
import { ones } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import * as check from './checks';
import {
  type Columns,
  counter,
  elementwise,
  numberDtype,
  type Row,
  realColumns,
  realRow,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { addAllToAverages, addToAverages, decayed, descentsDecayed } from './formulas';
import { ADAM_LIKE, type AdamLikeOptions, CHOICE, FLAG, type Given, learningRate } from './options';
import {
  flat,
  minus,
  negated,
  numberOf,
  over,
  plus,
  raised,
  scalar,
  times,
  type Value,
} from './values';

/** The options of a group of parameters. */
export interface NAdamGroup extends AdamLikeOptions {
  /** The learning rate. Default: 2e-3. */
  lr: number | Tensor;
  /** How fast the momentum grows. Default: 4e-3. */
  momentum_decay: number;
  /** Take the weight decay from the parameters, not into the gradients. Default: false. */
  decoupled_weight_decay: boolean;
}

export type NAdamOptions = Given<NAdamGroup>;

type Names = 'mu_product' | 'exp_avg' | 'exp_avg_sq';

const Base = elementwise<
  NAdamGroup,
  ['lr', 'betas', 'eps', 'weight_decay', 'momentum_decay', 'decoupled_weight_decay'],
  Names
>(
  'NAdam',
  {
    lr: learningRate(2e-3),
    ...ADAM_LIKE,
    momentum_decay: optional(FLOAT, 4e-3),
    decoupled_weight_decay: optional(BOOL, false),
    foreach: CHOICE,
    maximize: FLAG,
    capturable: FLAG,
    differentiable: FLAG,
  },
  [check.rate, check.eps, check.betas, check.decay, check.notNegative('momentum_decay')],
  () => ({
    step: counter,
    mu_product: ({ device }, { capturable }) =>
      ones([], { dtype: numberDtype(), device: capturable ? device : 'cpu' }),
    exp_avg: zerosLike,
    exp_avg_sq: zerosLike,
  }),
);

/**
 * NAdam: Adam with Nesterov's momentum.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class NAdam extends Base {
  protected override readonly captured = [
    'params, mu_products and state_steps',
    'params, mu_products, and state_steps',
  ] as const;

  protected override _stepOne(row: Row<Names>, group: NAdamGroup): void {
    const { betas, eps, momentum_decay, capturable, differentiable } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    const real = realRow(row);
    const { param, mu_product, exp_avg, exp_avg_sq } = real;
    const step = capturable ? real.step : numberOf(real.step);
    const correction2 = minus(1, raised(beta2, step));
    const grad = decayed(real, lr, group);
    const mu = momentumAt(step, beta1, momentum_decay);
    const muNext = momentumAt(plus(step, 1), beta1, momentum_decay);
    mu_product.mul_(scalar(mu));
    addToAverages(real, grad, betas);
    const root = exp_avg_sq.div(correction2 as Tensor).sqrt();
    const down = negated(lr);
    if (differentiable || capturable) {
      const denom = root.add(eps);
      const productNext = mu_product.mul(scalar(muNext));
      const ofGrad = over(times(down, minus(1, mu)), minus(1, mu_product));
      const ofAverage = over(times(down, muNext), minus(1, productNext));
      param.addcdiv_(grad.mul(ofGrad as Tensor), denom);
      param.addcdiv_(exp_avg.mul(ofAverage as Tensor), denom);
      return;
    }
    const product = numberOf(mu_product);
    const productNext = product * (muNext as number);
    const denom = root.add_(eps);
    const ofGrad = over(times(down, minus(1, mu)), 1 - product);
    param.addcdiv_(grad, denom, { value: scalar(ofGrad) });
    param.addcdiv_(exp_avg, denom, { value: scalar(over(times(down, muNext), 1 - productNext)) });
  }

  protected override _stepMany(columns: Columns<Names>, group: NAdamGroup): void {
    const { betas, eps, momentum_decay } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    const real = realColumns(columns);
    const { param, step, mu_product, exp_avg, exp_avg_sq } = real;
    const grad = descentsDecayed(real, lr, group);
    addAllToAverages(real, grad, betas);
    const denom = foreach.sqrt(exp_avg_sq);
    if (group.capturable) {
      const exponents = foreach.mul(step, momentum_decay);
      const mus = momentaAt(exponents, beta1);
      foreach.add_(exponents, momentum_decay);
      const musNext = momentaAt(exponents, beta1);
      const corrections = foreach.powers(beta2, step);
      foreach.sub_(corrections, 1);
      foreach.neg_(corrections);
      foreach.sqrt_(corrections);
      foreach.mul_(mu_product, mus);
      foreach.div_(denom, corrections);
      foreach.add_(denom, eps);
      foreach.sub_(mus, 1);
      foreach.mul_(mus, lr);
      const rest = foreach.sub(mu_product, 1);
      foreach.neg_(rest);
      foreach.div_(mus, rest);
      const restNext = foreach.mul(mu_product, musNext);
      foreach.mul_(musNext, lr);
      foreach.sub_(restNext, 1);
      foreach.div_(musNext, restNext);
      const numerator = foreach.mul(mus, grad);
      foreach.addcmul_(numerator, musNext, exp_avg);
      foreach.addcdiv_(param, numerator, denom);
      return;
    }
    const counts = step.map(numberOf);
    const corrections = counts.map((count) => raised(minus(1, raised(beta2, count)), 0.5));
    const mus = counts.map((count) => momentumAt(count, beta1, momentum_decay) as number);
    const musNext = counts.map((count) => momentumAt(count + 1, beta1, momentum_decay) as number);
    foreach.mul_(mu_product, mus);
    foreach.div_(denom, corrections);
    foreach.add_(denom, eps);
    const rate = numberOf(lr);
    const products = mu_product.map(numberOf);
    const ofGrads = mus.map((mu, index) => ((rate * (1 - mu)) / (1 - products[index]!)) * -1);
    const ofAverages = musNext.map((mu, index) => ((rate * mu) / (1 - products[index]! * mu)) * -1);
    foreach.addcdiv_(param, grad, denom, ofGrads);
    foreach.addcdiv_(param, exp_avg, denom, ofAverages);
  }
}

/** Returns the momentum of a step. */
function momentumAt(step: Value, beta1: number, decay: number): Value {
  return times(beta1, minus(1, times(0.5, raised(0.96, times(step, decay)))));
}

function momentaAt(exponents: Tensor[], beta1: number): Tensor[] {
  const momenta = foreach.powers(0.96, exponents);
  foreach.mul_(momenta, -0.5);
  foreach.add_(momenta, 1);
  foreach.mul_(momenta, beta1);
  return momenta;
}
