/** CrossMapLRN2d, which is written in Python. Source: torch/nn/modules/_functions.py. */
import { Function as CustomFunction, type FunctionCtx } from '../../autograd/function';
import { valueError } from '../../bindings/errors';
import { tensorHandle } from '../../bindings/handle';
import { zeros } from '../../tensor/factories';
import type { Tensor } from '../../tensor/tensor';
import { neighbourNorm } from './neighbours';

interface Window {
  size: number;
  alpha: number;
  beta: number;
  k: number;
}

// The function of the graph has the layer's name.
const Normalized = class CrossMapLRN2d extends CustomFunction {
  static forward(ctx: FunctionCtx, input: Tensor, window: Window): Tensor {
    const { size, alpha, beta, k } = window;
    if (input.ndim !== 4) {
      throw valueError(`CrossMapLRN2d: Expected input to be 4D, got ${input.ndim}D instead.`);
    }
    const { dtype, device, shape } = input;
    const channels = shape[1]!;
    const squares = input.pow(2);
    const scale = zeros(shape, { dtype, device });
    const before = Math.trunc((size - 1) / 2 + 1);
    for (let c = 0; c < Math.min(before, channels); c++) {
      scale.select(1, 0).add_(squares.select(1, c));
    }
    // Each sum is the one before, with the next square and without the first.
    for (let c = 1; c < channels; c++) {
      const sum = scale.select(1, c).copy_(scale.select(1, c - 1));
      if (c < channels - before + 1) sum.add_(squares.select(1, c + before - 1));
      if (c > before) sum.sub_(squares.select(1, c - before));
    }
    scale.mul_(alpha / size).add_(k);
    const output = scale.pow(-beta).mul_(input);
    Object.assign(ctx, { scale, window });
    ctx.save_for_backward(input, output);
    return output;
  }

  static backward(ctx: FunctionCtx, grad: Tensor): [Tensor, null] {
    const [input, output] = ctx.saved_tensors as [Tensor, Tensor];
    const { scale, window } = ctx as unknown as { scale: Tensor; window: Window };
    const { size, alpha, beta } = window;
    const [count, channels, height, width] = input.shape as [number, number, number, number];
    const { dtype, device } = input;
    const ratios = zeros([channels + size - 1, height, width], { dtype, device });
    const center = ratios.narrow(0, Math.trunc(size - (size - 1) / 2), channels);
    const factor = (2 * alpha * beta) / size;
    const result = scale.pow(-beta).mul_(grad);
    for (let n = 0; n < count; n++) {
      center.copy_(grad.select(0, n).mul(output.select(0, n)));
      center.div_(scale.select(0, n));
      const sum = ratios.narrow(0, 0, size - 1).sum(0);
      for (let c = 0; c < channels; c++) {
        sum.add_(ratios.select(0, c + size - 1));
        const [own, given] = [result, input].map((each) => each.select(0, n).select(0, c));
        own!.addcmul_(given!, sum, { value: -factor });
        sum.sub_(ratios.select(0, c));
      }
    }
    return [result, null];
  }
};

/**
 * Divides by `(k + alpha * s) ** beta`, where s is the mean square of `size` neighbouring channels. The last channels have
 * other neighbours than in {@link LocalResponseNorm}.
 *
 * Shapes: input (N, C, H, W), output as input.
 *
 * See https://github.com/pytorch/pytorch/blob/v2.13.0/torch/nn/modules/normalization.py
 */
export class CrossMapLRN2d extends neighbourNorm('CrossMapLRN2d') {
  override forward(input: Tensor): Tensor {
    tensorHandle(input, { name: 'CrossMapLRN2d', parameters: [] }, 'input');
    const { size, alpha, beta, k } = this;
    return Normalized.apply(input, { size, alpha, beta, k });
  }

  /** Python's default is an int. */
  protected override _kRepr(): string {
    return this.k === 1 ? '1' : super._kRepr();
  }
}
