/** Divides the gradients of an optimizer by a scale. Source: torch/amp/grad_scaler.py. */

import { valueError } from '../bindings/errors';
import { op } from '../nn/ops';
import type { Optimizer } from '../optim/optimizer';
import type { Device } from '../tensor/device';
import { float16 } from '../tensor/dtype';
import { sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { groupBy } from '../utils/groups';

const unscale = op<(grads: readonly Tensor[], found_inf: Tensor, inv_scale: Tensor) => void>(
  '_amp_foreach_non_finite_check_and_unscale_',
);
const valuesOf = op<(sparse: Tensor) => Tensor>('_values');

// biome-ignore lint/suspicious/noExplicitAny: an optimizer of any options
export type AnyOptimizer = Optimizer<any>;

/** Copies of a tensor on other devices, made on demand. */
export class Replicas {
  readonly byDevice = new Map<string, Tensor>();

  constructor(private readonly master: Tensor) {}

  on(device: Device): Tensor {
    let copy = this.byDevice.get(device.name);
    if (!copy) {
      copy = this.master.to(device, { non_blocking: true, copy: true });
      this.byDevice.set(device.name, copy);
    }
    return copy;
  }
}

/**
 * Divides the gradients in place, all of one device and dtype in one call. Returns, by device, whether inf or NaN was
 * found.
 */
export function unscaleGradients(
  optimizer: AnyOptimizer,
  inverse: Tensor,
  found: Tensor,
  allowsHalf = false,
): ReadonlyMap<string, Tensor> {
  const inverses = new Replicas(inverse);
  const founds = new Replicas(found);
  const all: Tensor[] = [];
  for (const { params } of optimizer.param_groups) {
    for (const parameter of params) {
      const { grad } = parameter;
      if (!grad) continue;
      if (grad.dtype === float16 && !allowsHalf)
        throw valueError('Attempting to unscale FP16 gradients.');
      all.push(grad.layout === sparse_coo ? valuesOf(grad) : grad);
    }
  }
  for (const gradients of groupBy(all, ({ device, dtype }) => `${device} ${dtype}`)) {
    const { device } = gradients[0]!;
    unscale(gradients, founds.on(device), inverses.on(device));
  }
  return founds.byDevice;
}
