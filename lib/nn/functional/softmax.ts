/** Softmax functions: probabilities from scores. Source: torch/nn/functional.py. */

import { warn } from '../../bindings/warnings';
import {
  DTYPE,
  INT,
  optional,
  orNull,
  required,
  Signature,
  TENSOR,
} from '../../dispatch/signature';
import type { DType } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

export interface SoftmaxOptions {
  /**
   * The dimension along which the probabilities sum to 1. Default: null, which is deprecated: chosen from the number of
   * dimensions, with a warning.
   */
  dim?: number | null | undefined;
  /** The dtype that the input is converted to first. Default: null, the input's. */
  dtype?: DType | null | undefined;
}

interface SoftmaxFunction {
  (input: Tensor, options?: SoftmaxOptions): Tensor;
  (input: Tensor, dim: number | null, options?: Pick<SoftmaxOptions, 'dtype'>): Tensor;
}

type Along = (input: Tensor, dim: number, dtype: DType | null) => Tensor;
const softmaxAlong = op<Along>('softmax', ['int']);
const logSoftmaxAlong = op<Along>('log_softmax', ['int']);

function along(name: string, compute: Along): SoftmaxFunction {
  const signature = new Signature(name, {
    input: required(TENSOR),
    dim: optional<number | null>(orNull(INT), null),
    dtype: optional<DType | null>(orNull(DTYPE), null),
  });
  return (...args: unknown[]): Tensor => {
    const { input, dim, dtype } = signature.read(args);
    return compute(input, dim ?? impliedDim(name, input.ndim), dtype);
  };
}

function impliedDim(name: string, ndim: number): number {
  warn(
    `Implicit dimension choice for ${name} has been deprecated. Change the call to include dim=X as an argument.`,
  );
  return ndim === 0 || ndim === 1 || ndim === 3 ? 0 : 1;
}

/**
 * Returns `exp(x) / sum(exp(x))` along a dimension.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
 */
export const softmax = along('softmax', softmaxAlong);

/**
 * Returns `log(softmax(x))` along a dimension.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
 */
export const log_softmax = along('log_softmax', logSoftmaxAlong);

/**
 * Returns `softmax(-x)` along a dimension.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
 */
export const softmin = along('softmin', (input, dim, dtype) =>
  softmaxAlong(input.neg(), dim, dtype),
);
