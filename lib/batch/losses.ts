/** The losses that can be computed in chunks of rows: what a row is, and what the mean divides by. */
import { typeError, valueError } from '../bindings/errors';
import { describe } from '../dispatch/arguments';
import type { SignatureParameter } from '../dispatch/signature';
import type { LossFunction, LossParameters } from '../nn/functional/loss/definition';
import { _Loss } from '../nn/modules/loss/base';
import type { Tensor } from '../tensor/tensor';

/**
 * What `'mean'` divides by.
 *
 * - `losses`: the number of losses.
 * - `classes`: the weights of the targets that are not ignored; for probabilities, the number of losses.
 * - `weight`: the sum of the weights, if they are given by row.
 * - `lengths`: each loss is divided by the length of its target, and their sum by the number of losses.
 */
export type Divisor = 'losses' | 'classes' | 'weight' | 'lengths';

export interface RowLoss {
  readonly divisor: Divisor;
  /** The number of dimensions that each input must have; those that are not named have as many as the first. */
  readonly dims?: Readonly<Record<string, number>>;
  /** The least number of dimensions of the first input: with fewer, it is a single sample. Default: 1. */
  readonly least?: number;
  /** The dimension of the rows, by input. Default: 0. */
  readonly row?: Readonly<Record<string, number>>;
  /** The inputs that may be left out. */
  readonly optional?: readonly string[];
  /** What the first input predicts, if it predicts classes or probabilities. */
  readonly predicts?: Prediction;
}

/**
 * What an input predicts.
 *
 * - `logits`, `log-probabilities`, `scores`: a class, and its probability unless these are scores.
 * - `logit`, `probability`: the probability of each element.
 * - `nothing`: the target has classes all the same.
 */
export type Prediction =
  | 'logits'
  | 'log-probabilities'
  | 'scores'
  | 'logit'
  | 'probability'
  | 'nothing';

const ELEMENTWISE: RowLoss = { divisor: 'losses' };
const OF_ROWS: RowLoss = { divisor: 'losses', least: 2 };

/** By the names of their functions. In each, a row's losses depend on that row alone. */
const ROW_LOSSES: Readonly<Record<string, RowLoss>> = {
  binary_cross_entropy: { ...ELEMENTWISE, optional: ['weight'], predicts: 'probability' },
  binary_cross_entropy_with_logits: { ...ELEMENTWISE, optional: ['weight'], predicts: 'logit' },
  cosine_embedding_loss: { ...OF_ROWS, dims: { target: 1 } },
  cross_entropy: { divisor: 'classes', least: 2, predicts: 'logits' },
  ctc_loss: {
    divisor: 'lengths',
    least: 3,
    dims: { log_probs: 3, targets: 2, input_lengths: 1, target_lengths: 1 },
    row: { log_probs: 1 },
  },
  gaussian_nll_loss: ELEMENTWISE,
  hinge_embedding_loss: ELEMENTWISE,
  huber_loss: { ...ELEMENTWISE, optional: ['weight'] },
  kl_div: ELEMENTWISE,
  l1_loss: { divisor: 'weight', optional: ['weight'] },
  margin_ranking_loss: ELEMENTWISE,
  mse_loss: { divisor: 'weight', optional: ['weight'] },
  multi_margin_loss: { ...OF_ROWS, dims: { target: 1 }, predicts: 'scores' },
  multilabel_margin_loss: OF_ROWS,
  multilabel_soft_margin_loss: OF_ROWS,
  nll_loss: { divisor: 'classes', least: 2, predicts: 'log-probabilities' },
  poisson_nll_loss: ELEMENTWISE,
  smooth_l1_loss: ELEMENTWISE,
  soft_margin_loss: ELEMENTWISE,
  triplet_margin_loss: OF_ROWS,
  triplet_margin_with_distance_loss: OF_ROWS,
};

/** Why others cannot be computed in chunks. */
const REASONS: Readonly<Record<string, string>> = {
  LinearCrossEntropyLoss: 'the bits of its matrix product depend on the number of rows',
};

/** Says that a class of losses cannot be computed in chunks of rows. */
export const refusal = (name: string): string =>
  `${name} cannot be computed in chunks of rows: ` +
  (REASONS[name] ?? 'it is no loss of torch.nn that has losses of rows');

type AnyLoss = _Loss<never[]> & Readonly<Record<string, unknown>>;
type AnyFunction = Pick<LossFunction<never, LossParameters>, 'options' | 'signature' | 'async'>;

/** A loss, and how it is computed in chunks. */
export interface Chunked extends RowLoss {
  /** The name of its class. */
  readonly name: string;
  /** Computes the losses off the event loop. */
  readonly compute: AnyFunction['async'];
  /** The required parameters, in Python's order. */
  readonly inputs: readonly string[];
  /** Its options by name, without the reduction. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly reduction: string;
}

const REDUCTION_NAMES = ['reduction', 'size_average', 'reduce'];

/** The scores of a file in place of a loss, to be compared with others. */
const SCORES: Chunked = {
  name: 'Scores',
  divisor: 'losses',
  optional: ['target'],
  predicts: 'nothing',
  inputs: ['input'],
  options: {},
  reduction: 'mean',
  compute: async (_options, inputs: readonly Tensor[]) => inputs[0]!,
};

/**
 * Returns a loss as it is computed in chunks; null stands for losses that are there already.
 *
 * @throws TypeError if `loss` is not a loss of torch.nn; RangeError (ValueError) if it cannot be computed in chunks
 */
export function chunked(loss: unknown): Chunked {
  if (loss === null) return SCORES;
  if (!(loss instanceof _Loss)) {
    const hint = typeof loss === 'function' ? ': make one with new' : '';
    throw typeError(
      `evaluate(): argument 'loss' must be a loss of torch.nn, got ${describe(loss)}${hint}`,
    );
  }
  const { name } = loss.constructor as { name: string };
  const functional = (loss.constructor as { functional?: AnyFunction & { name: string } })
    .functional;
  const known = functional && ROW_LOSSES[functional.name];
  if (!known || loss._functionalCall([] as never) === undefined) {
    throw valueError(`evaluate(): ${refusal(name)}`);
  }
  const values = loss as unknown as AnyLoss;
  const options = Object.keys(functional.options)
    .filter((option) => !REDUCTION_NAMES.includes(option))
    .map((option) => [option, values[option] ?? functional.options[option]!.default] as const);
  const inputs = functional.signature.filter(({ required }) => required);
  return {
    ...known,
    name,
    compute: functional.async,
    inputs: inputs.map((parameter: SignatureParameter) => parameter.name),
    options: Object.fromEntries(options),
    reduction: loss.reduction,
  };
}

/** Returns the number of dimensions that an input must have, or undefined where libtorch decides. */
export function dimsOf(loss: Chunked, input: string, first: number): number | undefined {
  if (loss.divisor === 'classes' && input === 'target') return undefined;
  return loss.dims?.[input] ?? first;
}

/** Whether the target has probabilities, not class indices. */
export const hasProbabilities = (input: Tensor, target: Tensor): boolean =>
  target.ndim === input.ndim;
