/** Updates many parameters with operators on lists, in Python's order: `_multi_tensor_sgd` in torch/optim/sgd.py. */

import { op } from '../nn/ops';
import { sparse_coo } from '../tensor/layout';
import type { Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import type { SGDGroup } from './sgd';
import { byDeviceAndDtype, type Update } from './updates';

type Tensors = readonly Tensor[];
type Alpha = { alpha: Scalar };

const negated = op<(self: Tensors) => Tensor[]>('_foreach_neg');
const sum = op<(self: Tensors, other: Tensors, options: Alpha) => Tensor[]>('_foreach_add', [
  'List',
]);
const add_ = op<(self: Tensors, other: Tensors, options: Alpha) => void>('_foreach_add_', ['List']);
const mul_ = op<(self: Tensors, factor: Scalar) => void>('_foreach_mul_', ['Scalar']);

/** Updates all parameters, those of one device and dtype together. Sets missing momentum buffers. */
export function stepForeach(updates: readonly Update[], options: SGDGroup): void {
  for (const group of byDeviceAndDtype(updates)) stepGroup(group, options);
}

function stepGroup(updates: readonly Update[], options: SGDGroup): void {
  const { maximize, weight_decay, momentum, nesterov } = options;
  const parameters = updates.map(({ parameter }) => parameter);
  let changes = updates.map(({ gradient }) => gradient);
  const isSparse = changes.some(({ layout }) => layout === sparse_coo);
  if (maximize) changes = negated(changes);
  if (weight_decay !== 0) {
    const alpha = weight_decay as Scalar;
    // With maximize, `changes` are new tensors, which can be overwritten.
    if (maximize) add_(changes, parameters, { alpha });
    else changes = sum(changes, parameters, { alpha });
  }
  if (momentum !== 0) {
    const buffers = updateMomentum(updates, changes, options);
    // If `changes` are the gradients themselves, this overwrites them, as in Python.
    if (nesterov) add_(changes, buffers, { alpha: momentum });
    else changes = buffers;
  }
  const alpha = negatedLearningRate(options.lr);
  if (!isSparse) add_(parameters, changes, { alpha });
  else
    for (const [index, parameter] of parameters.entries())
      parameter.add_(changes[index]!, { alpha });
}

function updateMomentum(
  updates: readonly Update[],
  changes: Tensors,
  { momentum, dampening }: SGDGroup,
): Tensor[] {
  const known = updates.flatMap(({ buffer }) => buffer ?? []);
  const alpha = 1 - dampening;
  if (known.length === updates.length) {
    mul_(known, momentum);
    add_(known, changes, { alpha });
    return known;
  }
  return updates.map((update, index) => {
    const change = changes[index]!;
    if (update.buffer) return update.buffer.mul_(momentum).add_(change, { alpha });
    update.buffer = change.detach().clone();
    return update.buffer;
  });
}

function negatedLearningRate(lr: number | Tensor): Scalar {
  if (typeof lr === 'number') return -lr;
  return (lr.ndim === 0 ? lr : lr.squeeze()).neg() as unknown as Scalar;
}
