/** What optimizers with a kernel of their own have in common. */
import { notImplementedError, runtimeError } from '../bindings/errors';
import { isSince } from '../bindings/libtorch/versions';
import { libtorch } from '../bindings/native';
import { bfloat16, float16 } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { repr } from '../utils/python';

/** How a {@link torch.amp.GradScaler} has scaled the gradients, and whether some are inf or NaN. */
export interface Scaling {
  readonly grad_scale: Tensor | null;
  readonly found_inf: Tensor | null;
}

const FUSED_DEVICES = ['mps', 'cuda', 'xpu', 'hpu', 'cpu', 'mtia', 'privateuseone'];

/** @throws TorchError unless a kernel can step the parameter */
export function checkFusable({ device, dtype }: Tensor): void {
  if (FUSED_DEVICES.includes(device.type) && dtype.is_floating_point) return;
  throw runtimeError(
    '`fused=True` requires all the params to be floating point Tensors of supported devices: ' +
      `[${FUSED_DEVICES.map(repr).join(', ')}] but ${dtype} and ${device.type}`,
  );
}

interface Ways {
  fused: boolean | null;
  foreach: boolean | null;
  differentiable: boolean;
}

/** @throws TorchError for two ways at once */
export function checkFused({ fused, foreach, differentiable }: Ways): void {
  if (fused && differentiable) throw runtimeError('`fused` does not support `differentiable`');
  if (fused && foreach) throw runtimeError('`fused` and `foreach` cannot be `True` together.');
}

/** On CUDA, where each operator is a kernel to start, Python changes all parameters at once. */
export const prefersForeach = (parameters: readonly Tensor[]): boolean =>
  parameters.length > 0 && parameters.every(({ is_cuda }) => is_cuda);

/** Returns what a GradScaler set, on the parameter's device, for a kernel that steps it. */
export function scalingOn(parameter: Tensor, scaling: Scaling, name: string): Scaling {
  refuseWhatIsLeftUnchanged(parameter, name);
  const { device } = parameter;
  return {
    grad_scale: scaling.grad_scale?.to(device) ?? null,
    found_inf: scaling.found_inf?.to(device) ?? null,
  };
}

// Before 2.14 the CPU's kernels step only some elements of half precision, and fill the buffers of others with memory
// that is not theirs.
function refuseWhatIsLeftUnchanged({ device, dtype }: Tensor, name: string): void {
  const isHalf = dtype === float16 || dtype === bfloat16;
  if (device.type !== 'cpu' || !isHalf || isSince('2.14', libtorch.version)) return;
  throw notImplementedError(
    `${name}: the fused kernel of libtorch ${libtorch.version} does not step ${dtype} on a CPU. ` +
      'Leave `fused` out, or use libtorch 2.14 or newer.',
  );
}
