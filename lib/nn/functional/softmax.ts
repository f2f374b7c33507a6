/** Softmax functions: probabilities from scores. Source: torch/nn/functional.py. */

import { warn } from '../../bindings/warnings';
import {
  BOOL,
  DTYPE,
  define,
  FLOAT,
  INT,
  nullable,
  optional,
  type Positional,
  required,
  TENSOR,
} from '../../dispatch/signature';
import type { DType } from '../../tensor/dtype';
import { contiguous_format, type MemoryFormat } from '../../tensor/layout';
import { asFloat } from '../../tensor/scalar';
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
  const declarations = {
    input: required(TENSOR),
    dim: nullable(INT),
    dtype: nullable(DTYPE),
  };
  return define(name, declarations, ({ input, dim, dtype }) =>
    compute(input, dim ?? impliedDim(name, input.ndim), dtype),
  );
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

export interface GumbelSoftmaxOptions {
  /** The temperature. Default: 1. */
  tau?: number | undefined;
  /** Returns one-hot vectors, with the gradient of the soft ones. Default: false. */
  hard?: boolean | undefined;
  /** Deprecated, has no effect. */
  eps?: number | undefined;
  /** Default: -1. */
  dim?: number | undefined;
}

const GUMBEL = {
  logits: required(TENSOR),
  tau: optional(FLOAT, 1),
  hard: optional(BOOL, false),
  eps: optional(FLOAT, 1e-10),
  dim: optional(INT, -1),
};

const likeContiguous = (name: 'empty_like' | 'zeros_like') =>
  op<(self: Tensor, options: { memory_format: MemoryFormat }) => Tensor>(name);
const emptyLike = likeContiguous('empty_like');
const zerosLike = likeContiguous('zeros_like');
const maxAlong = op<(self: Tensor, dim: number, keepdim: boolean) => Iterable<Tensor>>('max', [
  'dim',
]);

/**
 * Samples from the Gumbel-softmax distribution.
 *
 * Shapes: logits (*), output as logits.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
 */
export const gumbel_softmax = define<
  (
    ...args: Positional<
      [logits: Tensor],
      [tau: 'tau', hard: 'hard', eps: 'eps', dim: 'dim'],
      GumbelSoftmaxOptions
    >
  ) => Tensor,
  typeof GUMBEL
>('gumbel_softmax', GUMBEL, ({ logits, tau, hard, eps, dim }) => {
  if (eps !== 1e-10) warn('`eps` parameter is deprecated and has no effect.');
  const memory_format = contiguous_format;
  const noise = emptyLike(logits, { memory_format }).exponential_().log().neg();
  const soft = softmaxAlong(logits.add(noise).div(asFloat(tau)), dim, null);
  if (!hard) return soft;
  const [, index] = [...maxAlong(soft, dim, true)];
  const one = zerosLike(logits, { memory_format }).scatter_(dim, index!, asFloat(1));
  return one.sub(soft.detach()).add(soft);
});
