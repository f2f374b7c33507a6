/** Steps that the formulas of several optimizers begin with. */
import { addcmul_ } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import type { Columns, Row } from './elementwise';
import * as foreach from './foreach';
import { minus, scalar, times, type Value } from './values';

interface Decay {
  maximize: boolean;
  weight_decay: Value;
}

/** Returns the gradient with the L2 penalty's. */
export function withDecay(gradient: Tensor, parameter: Tensor, decay: Value): Tensor {
  if (decay === 0) return gradient;
  if (typeof decay !== 'number' && decay.requires_grad) {
    return addcmul_(gradient, parameter.clone(), decay);
  }
  return gradient.add(parameter, { alpha: scalar(decay) });
}

/** Returns the gradient of what is minimized. */
export const descent = ({ grad }: Row<never>, { maximize }: Pick<Decay, 'maximize'>): Tensor =>
  maximize ? grad.neg() : grad;

/** Returns the gradients of what is minimized. They are new tensors if an option changes them. */
export function descents(
  { param, grad }: Columns<never>,
  { maximize, weight_decay }: Decay,
): Tensor[] {
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
