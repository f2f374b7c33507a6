/** Updates parameters with a fused kernel: `_fused_sgd` in torch/optim/sgd.py. */

import { runtimeError } from '../bindings/errors';
import { emptyLike, op } from '../nn/ops';
import { sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { groupBy } from '../utils/groups';
import { type Scaling, scalingOn } from './fused';
import type { SGDGroup } from './sgd';
import { deviceAndDtype, type Update } from './updates';

interface Options extends Scaling {
  weight_decay: number;
  momentum: number;
  lr: number | Tensor;
  dampening: number;
  nesterov: boolean;
  maximize: boolean;
  is_first_step: boolean;
}

type Kernel = (
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
  buffers: readonly (Tensor | null)[],
  options: Options,
) => void;

const step = op<Kernel>('_fused_sgd_');
const stepByTensor = op<Kernel>('_fused_sgd_', ['tensor_lr']);

/** Updates all parameters, those of one device and dtype in one call. Makes the momentum buffers in the first step. */
export function _stepFused(updates: readonly Update[], group: SGDGroup, scaling: Scaling): void {
  if (updates.some(({ gradient }) => gradient.layout === sparse_coo)) {
    throw runtimeError('`_fused_sgd` does not support sparse gradients');
  }
  const { lr, momentum, dampening, weight_decay, nesterov, maximize } = group;
  const is_first_step = momentum !== 0 && updates.every(({ buffer }) => buffer === null);
  if (is_first_step) for (const update of updates) update.buffer = emptyLike(update.gradient);
  const kernel = typeof lr === 'number' ? step : stepByTensor;
  for (const updatesOfKernel of groupBy(updates, ({ parameter }) => deviceAndDtype(parameter))) {
    const scalingHere = scalingOn(updatesOfKernel[0]!.parameter, scaling, 'SGD');
    kernel(
      updatesOfKernel.map(({ parameter }) => parameter),
      updatesOfKernel.map(({ gradient }) => gradient),
      momentum === 0 ? [] : updatesOfKernel.map(({ buffer }) => buffer),
      {
        weight_decay: typeof weight_decay === 'number' ? weight_decay : weight_decay.item(),
        ...{ momentum, lr, dampening, nesterov, maximize, is_first_step },
        ...scalingHere,
      },
    );
  }
}
