/** Updates many parameters with operators on lists, in Python's order: `_multi_tensor_sgd` in torch/optim/sgd.py. */

import { sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { groupBy } from '../utils/groups';
import * as foreach from './foreach';
import type { SGDGroup } from './sgd';
import { deviceAndDtype, type Update } from './updates';
import { flat, negated, scalar } from './values';

/** Updates all parameters, those of one device and dtype together. Sets missing momentum buffers. */
export function stepForeach(updates: readonly Update[], options: SGDGroup): void {
  for (const group of groupBy(updates, ({ parameter }) => deviceAndDtype(parameter)))
    stepGroup(group, options);
}

function stepGroup(updates: readonly Update[], options: SGDGroup): void {
  const { maximize, weight_decay, momentum, nesterov } = options;
  const parameters = updates.map(({ parameter }) => parameter);
  let changes = updates.map(({ gradient }) => gradient);
  const isSparse = changes.some(({ layout }) => layout === sparse_coo);
  if (maximize) changes = foreach.neg(changes);
  if (weight_decay !== 0) {
    const alpha = weight_decay;
    // What was made for maximize is used again.
    if (maximize) foreach.add_(changes, parameters, { alpha });
    else changes = foreach.add(changes, parameters, { alpha });
  }
  if (momentum !== 0) {
    const buffers = updateMomentum(updates, changes, options);
    // Into the parameters' own gradients, as in Python, where nothing else was made before.
    if (nesterov) foreach.add_(changes, buffers, { alpha: momentum });
    else changes = buffers;
  }
  const alpha = negated(flat(options.lr));
  if (!isSparse) foreach.add_(parameters, changes, { alpha });
  else
    for (const [index, parameter] of parameters.entries())
      parameter.add_(changes[index]!, { alpha: scalar(alpha) });
}

function updateMomentum(
  updates: readonly Update[],
  changes: Tensor[],
  { momentum, dampening }: SGDGroup,
): Tensor[] {
  const known = updates.flatMap(({ buffer }) => buffer ?? []);
  const alpha = 1 - dampening;
  if (known.length === updates.length) {
    foreach.mul_(known, momentum);
    foreach.add_(known, changes, { alpha });
    return known;
  }
  return updates.map((update, index) => {
    const change = changes[index]!;
    if (update.buffer) return update.buffer.mul_(momentum).add_(change, { alpha });
    update.buffer = change.detach().clone();
    return update.buffer;
  });
}
