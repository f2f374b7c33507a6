/** Updates parameters with a fused kernel: `_fused_sgd` in torch/optim/sgd.py. */

import { notImplementedError, runtimeError } from '../bindings/errors';
import { isSince } from '../bindings/libtorch/versions';
import { libtorch } from '../bindings/native';
import { emptyLike, op } from '../nn/ops';
import { bfloat16, float16 } from '../tensor/dtype';
import { sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import type { SGDGroup } from './sgd';
import { byDeviceAndDtype, type Update } from './updates';

/** The scale by which a {@link torch.amp.GradScaler} multiplied the gradients, and whether some are inf or NaN. */
export interface Scaling {
  readonly grad_scale: Tensor | null;
  readonly found_inf: Tensor | null;
}

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
export function stepFused(updates: readonly Update[], group: SGDGroup, scaling: Scaling): void {
  if (updates.some(({ gradient }) => gradient.layout === sparse_coo)) {
    throw runtimeError('`_fused_sgd` does not support sparse gradients');
  }
  const { lr, momentum, dampening, weight_decay, nesterov, maximize } = group;
  const is_first_step = momentum !== 0 && updates.every(({ buffer }) => buffer === null);
  if (is_first_step) for (const update of updates) update.buffer = emptyLike(update.gradient);
  const kernel = typeof lr === 'number' ? step : stepByTensor;
  for (const updatesOfKernel of byDeviceAndDtype(updates)) {
    const { device } = updatesOfKernel[0]!.parameter;
    refuseHalfOnCpu(updatesOfKernel[0]!.parameter);
    kernel(
      updatesOfKernel.map(({ parameter }) => parameter),
      updatesOfKernel.map(({ gradient }) => gradient),
      momentum === 0 ? [] : updatesOfKernel.map(({ buffer }) => buffer),
      {
        weight_decay: typeof weight_decay === 'number' ? weight_decay : weight_decay.item(),
        ...{ momentum, lr, dampening, nesterov, maximize, is_first_step },
        grad_scale: scaling.grad_scale?.to(device) ?? null,
        found_inf: scaling.found_inf?.to(device) ?? null,
      },
    );
  }
}

// Before 2.14, the CPU kernel updates only some half-precision elements, and fills the momentum buffers of the others
// with unrelated memory.
function refuseHalfOnCpu({ device, dtype }: Tensor): void {
  const isHalf = dtype === float16 || dtype === bfloat16;
  if (device.type !== 'cpu' || !isHalf || isSince('2.14', libtorch.version)) return;
  throw notImplementedError(
    `SGD: the fused kernel of libtorch ${libtorch.version} does not step ${dtype} on a CPU. ` +
      'Leave `fused` out, or use libtorch 2.14 or newer.',
  );
}
