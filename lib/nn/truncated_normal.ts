/** Random values of a truncated normal distribution. Source: `_no_grad_trunc_normal_` in torch/nn/init.py. */
import type { Generator } from '../random/generator';
import { asFloat } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { emptyLike, erf, op, power } from './ops';

interface Truncation {
  tensor: Tensor;
  mean: number;
  std: number;
  a: number;
  b: number;
  generator: Generator | null;
}

/** Fills the tensor. Chooses the method that rejects fewer values. */
export function fillTruncatedNormal(truncation: Truncation): Tensor {
  const { mean, std, a, b } = truncation;
  const share = normalShare((b - mean) / std) - normalShare((a - mean) / std);
  return share > 0.3 ? redraw(truncation) : reject(truncation);
}

/** Returns the cumulative distribution function of the standard normal distribution. */
const normalShare = (x: number): number => (1 + erf(x / Math.sqrt(2))) / 2;

/** Draws from the normal distribution, and draws values out of bounds again. */
function redraw({ tensor, mean, std, a, b, generator }: Truncation): Tensor {
  const [lowest, highest] = [a, b].map((bound) => rounded(bound, tensor)) as [number, number];
  let result = tensor.normal_(mean, std, { generator });
  for (;;) {
    const outside = result.lt(asFloat(lowest)).bitwise_or(result.gt(asFloat(highest)));
    if (!outside.any().item()) break;
    result = choose(outside, emptyLike(result).normal_(mean, std, { generator }), result);
  }
  if (result !== tensor) tensor.copy_(result);
  return tensor;
}

/**
 * Draws from the uniform distribution, and accepts each value with a probability proportional to the normal density.
 */
function reject({ tensor, mean, std, a, b, generator }: Truncation): Tensor {
  const mode = Math.max(a, Math.min(mean, b));
  const peak = -0.5 * power((mode - mean) / std, 2);
  const candidates = emptyLike(tensor);
  const chances = emptyLike(tensor);
  const logDensity = (): Tensor =>
    candidates
      .sub_(asFloat(mean))
      .div_(asFloat(std))
      .pow_(2)
      .mul_(asFloat(-0.5))
      .sub_(asFloat(peak));
  const drawn = (): Tensor => chances.uniform_({ generator }).log_();

  tensor.uniform_(a, b, { generator });
  candidates.copy_(tensor);
  logDensity();
  let pending = drawn().gt(candidates);
  if (!pending.any().item()) return tensor;
  let result = tensor;
  do {
    candidates.uniform_(a, b, { generator });
    result = choose(pending, candidates, result);
    logDensity();
    pending = choose(pending, drawn().gt(candidates), pending);
  } while (pending.any().item());
  return tensor.copy_(result);
}

const choose = op<(condition: Tensor, self: Tensor, other: Tensor) => Tensor>('where', ['self']);

/** Rounds a number to the tensor's dtype. */
const rounded = (value: number, { dtype }: Tensor): number =>
  filled([], asFloat(value), { dtype }).item();
const filled = op<(size: number[], value: unknown, options: object) => Tensor>('full');
