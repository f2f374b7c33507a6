/** Steps that the formulas of several optimizers begin with. */
import { addcmul_ } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import { type Columns, type Row, realRow } from './elementwise';
import * as foreach from './foreach';
import type { Pair } from './options';
import { minus, scalar, times, type Value } from './values';

type Step = Pick<Row<never>, 'param' | 'grad'>;
type Steps = Pick<Columns<never>, 'param' | 'grad'>;

interface Decay {
  maximize: boolean;
  weight_decay: Value;
}

interface AnyDecay extends Decay {
  decoupled_weight_decay: boolean;
}

/** Returns the gradient with the L2 penalty's. */
export function withDecay(gradient: Tensor, parameter: Tensor, decay: Value): Tensor {
  if (decay === 0) return gradient;
  if (typeof decay !== 'number' && decay.requires_grad) {
    return addcmul_(gradient, parameter.clone(), decay);
  }
  return gradient.add(parameter, { alpha: scalar(decay) });
}

/** Returns the row with the gradient of the L2 penalty, and real tensors for complex ones. */
export const penalized = <Names extends string>(row: Row<Names>, decay: Value): Row<Names> =>
  realRow({ ...row, grad: withDecay(row.grad, row.param, decay) });

/** Returns the gradients of what is minimized. They are new tensors if an option changes them. */
export function descents({ param, grad }: Steps, { maximize, weight_decay }: Decay): Tensor[] {
  const grads = maximize ? foreach.neg(grad) : grad;
  if (weight_decay === 0) return grads;
  // What was made for maximize is used again.
  if (!maximize) return foreach.add(grads, param, { alpha: weight_decay });
  foreach.add_(grads, param, { alpha: weight_decay });
  return grads;
}

/** Returns the factor of decoupled weight decay. */
export const shrinkage = (lr: Value, weight_decay: Value): Value =>
  minus(1, times(lr, weight_decay));

/** Takes the weight decay from the parameter, or into the gradient. Returns the gradient. */
export function decayed(
  { param, grad }: Step,
  lr: Value,
  options: Omit<AnyDecay, 'maximize'>,
): Tensor {
  const { weight_decay, decoupled_weight_decay } = options;
  if (weight_decay === 0 || !decoupled_weight_decay) return withDecay(grad, param, weight_decay);
  param.mul_(scalar(shrinkage(lr, weight_decay)));
  return grad;
}

/** Does the same with many parameters. Returns the gradients of what is minimized. */
export function descentsDecayed(steps: Steps, lr: Value, options: AnyDecay): Tensor[] {
  const { maximize, weight_decay, decoupled_weight_decay } = options;
  if (weight_decay === 0 || !decoupled_weight_decay) return descents(steps, options);
  const grads = descents(steps, { maximize, weight_decay: 0 });
  foreach.mul_(steps.param, shrinkage(lr, weight_decay));
  return grads;
}

/** Adds a gradient to the averages of gradients and of their squares. */
export function addToAverages(
  { exp_avg, exp_avg_sq }: Record<'exp_avg' | 'exp_avg_sq', Tensor>,
  grad: Tensor,
  [beta1, beta2]: Pair,
): void {
  exp_avg.lerp_(grad, 1 - beta1);
  exp_avg_sq.mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });
}

/** Does the same with many gradients. */
export function addAllToAverages(
  { exp_avg, exp_avg_sq }: Record<'exp_avg' | 'exp_avg_sq', Tensor[]>,
  grad: Tensor[],
  [beta1, beta2]: Pair,
): void {
  foreach.lerp_(exp_avg, grad, 1 - beta1);
  foreach.mul_(exp_avg_sq, beta2);
  foreach.addcmul_(exp_avg_sq, grad, grad, 1 - beta2);
}
