/** NAdam. Source: torch/optim/nadam.py. */
import { ANYTHING, BOOL, FLOAT, optional, required, Signature } from '../dispatch/signature';
import { ones } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import {
  type Columns,
  counter,
  ElementwiseOptimizer,
  type Make,
  numberDtype,
  type Row,
  realColumns,
  realRow,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { descent, descents, shrinkage, withDecay } from './formulas';
import type { ParametersOrGroups } from './optimizer';
import {
  type Arguments,
  type CapturableOptions,
  CHOICE,
  checkBetas,
  checkNotNegative,
  checkRate,
  FLAG,
  type Given,
  PAIR,
  type Pair,
  VALUE,
} from './options';
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
export interface NAdamGroup extends CapturableOptions {
  /** The learning rate. Default: 2e-3. */
  lr: number | Tensor;
  /** How much of the averages of gradients and of their squares is kept. Default: [0.9, 0.999]. */
  betas: Pair;
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number;
  /** How fast the momentum grows. Default: 4e-3. */
  momentum_decay: number;
  /** Take the weight decay from the parameters, not into the gradients. Default: false. */
  decoupled_weight_decay: boolean;
}

export type NAdamOptions = Given<NAdamGroup>;

type Names = 'step' | 'mu_product' | 'exp_avg' | 'exp_avg_sq';

const SIGNATURE = new Signature('NAdam', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 2e-3),
  betas: optional<Pair>(PAIR, [0.9, 0.999]),
  eps: optional(FLOAT, 1e-8),
  weight_decay: optional(FLOAT, 0),
  momentum_decay: optional(FLOAT, 4e-3),
  decoupled_weight_decay: optional(BOOL, false),
  foreach: CHOICE,
  maximize: FLAG,
  capturable: FLAG,
  differentiable: FLAG,
});

/**
 * NAdam: Adam with Nesterov's momentum.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class NAdam extends ElementwiseOptimizer<NAdamGroup, Names> {
  static readonly signature = SIGNATURE.description;
  protected readonly formula = 'NAdam';
  protected override readonly captured = [
    'params, mu_products and state_steps',
    'params, mu_products, and state_steps',
  ] as const;

  constructor(
    params: ParametersOrGroups<NAdamGroup>,
    ...options: Arguments<
      NAdamGroup,
      ['lr', 'betas', 'eps', 'weight_decay', 'momentum_decay', 'decoupled_weight_decay']
    >
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    checkRate(defaults.lr);
    checkNotNegative('epsilon value', defaults.eps);
    checkBetas(defaults.betas);
    checkNotNegative('weight_decay value', defaults.weight_decay);
    checkNotNegative('momentum_decay value', defaults.momentum_decay);
    super(params as ParametersOrGroups<NAdamGroup>, defaults);
  }

  protected override _tensors(): Record<Names, Make<NAdamGroup>> {
    return {
      step: counter,
      mu_product: ({ device }, { capturable }) =>
        ones([], { dtype: numberDtype(), device: capturable ? device : 'cpu' }),
      exp_avg: zerosLike,
      exp_avg_sq: zerosLike,
    };
  }

  protected override _stepOne(row: Row<Names>, group: NAdamGroup): void {
    const { betas, eps, weight_decay, momentum_decay, capturable, differentiable } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    const real = realRow({ ...row, grad: descent(row, group) });
    const { param, mu_product, exp_avg, exp_avg_sq } = real;
    let { grad } = real;
    real.step.add_(1);
    const step = capturable ? real.step : numberOf(real.step);
    const correction2 = minus(1, raised(beta2, step));
    if (weight_decay !== 0) {
      if (group.decoupled_weight_decay) param.mul_(scalar(shrinkage(lr, weight_decay)));
      else grad = withDecay(grad, param, weight_decay);
    }
    const mu = momentumAt(step, beta1, momentum_decay);
    const muNext = momentumAt(plus(step, 1), beta1, momentum_decay);
    mu_product.mul_(scalar(mu));
    exp_avg.lerp_(grad, 1 - beta1);
    exp_avg_sq.mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });
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
    const { betas, eps, weight_decay, momentum_decay, maximize } = group;
    const [beta1, beta2] = betas;
    const lr = flat(group.lr);
    const real = realColumns(columns);
    const { param, step, mu_product, exp_avg, exp_avg_sq } = real;
    const isDecoupled = group.decoupled_weight_decay;
    foreach.add_(step, 1);
    const grad = descents(real, { maximize, weight_decay: isDecoupled ? 0 : weight_decay });
    if (isDecoupled && weight_decay !== 0) foreach.mul_(param, shrinkage(lr, weight_decay));
    foreach.lerp_(exp_avg, grad, 1 - beta1);
    foreach.mul_(exp_avg_sq, beta2);
    foreach.addcmul_(exp_avg_sq, grad, grad, 1 - beta2);
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
