/** Embeddings and one-hot vectors. Source: torch/nn/functional.py. */
import { assertionError, notImplementedError, valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import {
  BOOL,
  define,
  FLOAT,
  INT,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  STRING,
  TENSOR,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Device } from '../../tensor/device';
import { type DType, long } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { op, withoutGrad } from '../ops';
import { sizeText } from '../typename';

export interface EmbeddingOptions {
  /** The row that gets no gradient. A negative index counts from the end. Default: null, none. */
  padding_idx?: number | null | undefined;
  /** The largest norm of a row. Rows with a larger norm are scaled down in place. Default: null, no limit. */
  max_norm?: number | null | undefined;
  /** The order of that norm. Default: 2. */
  norm_type?: number | undefined;
  /** Divides the gradient of a row by the number of its occurrences in the input. Default: false. */
  scale_grad_by_freq?: boolean | undefined;
  /** Makes the gradient of the weight a sparse tensor. Default: false. */
  sparse?: boolean | undefined;
}

/** The limit of norms, and how gradients are scaled. */
export const NORM = {
  max_norm: nullable(FLOAT),
  norm_type: optional(FLOAT, 2),
  scale_grad_by_freq: optional(BOOL, false),
};

/** The options of {@link embedding}, in Python's order. */
export const EMBEDDING_OPTIONS = {
  padding_idx: nullable(INT),
  ...NORM,
  sparse: optional(BOOL, false),
};

const EMBEDDING = new Signature('embedding', {
  input: required(TENSOR),
  weight: required(TENSOR),
  ...EMBEDDING_OPTIONS,
});

type Rows = (
  weight: Tensor,
  input: Tensor,
  paddingIdx: number,
  scaleGradByFreq: boolean,
  sparse: boolean,
) => Tensor;
const rowsOf = op<Rows>('embedding');
const renormalise =
  op<(self: Tensor, input: Tensor, maxNorm: number, normType: number) => Tensor>(
    'embedding_renorm_',
  );

/**
 * Returns the rows of `weight` at the indices in `input`.
 *
 * Shapes: input (*) of integers, weight (V, D); output (*, D).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 *
 * @throws TorchError (AssertionError) if padding_idx is not the index of a row
 */
export function embedding(input: Tensor, weight: Tensor, options?: EmbeddingOptions): Tensor;
export function embedding(...args: unknown[]): Tensor {
  const values = EMBEDDING.read(args);
  const { weight, max_norm } = values;
  const padding = paddingRow(values.padding_idx, () => weight.size(0));
  let { input } = values;
  if (max_norm !== null) {
    input = input.contiguous();
    limitNorms(weight, input, max_norm, values.norm_type);
  }
  return rowsOf(weight, input, padding ?? -1, values.scale_grad_by_freq, values.sparse);
}

function limitNorms(weight: Tensor, input: Tensor, max_norm: number, norm_type: number): void {
  withoutGrad(() => renormalise(weight.detach(), input, max_norm, norm_type));
}

/**
 * Returns padding_idx as an index from the start.
 *
 * @throws TorchError (AssertionError) with the message if it is not the index of a row
 */
export function paddingRow(
  index: number | null,
  countRows: () => number,
  message = 'Padding_idx must be within num_embeddings',
): number | null {
  if (index === null) return null;
  const rows = countRows();
  if ((index >= rows && index > 0) || index < -rows) throw assertionError(message);
  return index < 0 ? rows + index : index;
}

export interface EmbeddingBagOptions extends Omit<EmbeddingOptions, 'padding_idx'> {
  /** The start of each bag, for an input with one dimension. Default: null. */
  offsets?: Tensor | null | undefined;
  /** What the rows of a bag become. Default: `'mean'`. */
  mode?: BagMode | undefined;
  /** A factor for each index, with `mode: 'sum'`. Default: null, 1. */
  per_sample_weights?: Tensor | null | undefined;
  /** Whether the last offset is the end of the last bag. Default: false. */
  include_last_offset?: boolean | undefined;
  /** The row that does not count. Default: null, none. */
  padding_idx?: number | null | undefined;
}

/** What the rows of a bag become: their sum, their mean, or the largest elements. */
export type BagMode = 'sum' | 'mean' | 'max';
const MODES: readonly string[] = ['sum', 'mean', 'max'];

const EMBEDDING_BAG = {
  input: required(TENSOR),
  weight: required(TENSOR),
  offsets: nullable(TENSOR),
  ...NORM,
  mode: optional(STRING, 'mean'),
  sparse: optional(BOOL, false),
  per_sample_weights: nullable(TENSOR),
  include_last_offset: optional(BOOL, false),
  padding_idx: nullable(INT),
};

type Bags = (
  weight: Tensor,
  input: Tensor,
  offsets: Tensor,
  scaleGradByFreq: boolean,
  mode: number,
  sparse: boolean,
  factors: Tensor | null,
  includeLastOffset: boolean,
  paddingIdx: number | null,
) => readonly Tensor[];
const bagsOf = op<Bags>('embedding_bag', ['padding_idx']);
const range = op<
  (start: number, end: number, step: number, options: { dtype: DType; device: Device }) => Tensor
>('arange', ['start_step']);

/**
 * Returns the sum, mean or maximum of the rows of each bag of indices.
 *
 * Shapes: input (B, N), or (N) with offsets (B); weight (V, D); per_sample_weights as input; output (B, D).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 *
 * @throws RangeError (ValueError) for shapes or a mode that do not fit, TorchError (NotImplementedError) for
 *   `per_sample_weights` with another mode than `'sum'`
 */
export const embedding_bag = define<
  (
    ...args: Positional<
      [input: Tensor, weight: Tensor],
      [
        offsets: 'offsets',
        max_norm: 'max_norm',
        norm_type: 'norm_type',
        scale_grad_by_freq: 'scale_grad_by_freq',
        mode: 'mode',
        sparse: 'sparse',
        per_sample_weights: 'per_sample_weights',
        include_last_offset: 'include_last_offset',
        padding_idx: 'padding_idx',
      ],
      EmbeddingBagOptions
    >
  ) => Tensor,
  typeof EMBEDDING_BAG
>('embedding_bag', EMBEDDING_BAG, (values) => {
  const { max_norm, norm_type, scale_grad_by_freq, mode, sparse, padding_idx } = values;
  let { input, weight } = values;
  if (weight.dtype === long && input.is_floating_point()) {
    warn(SWAPPED);
    [input, weight] = [weight, input];
  }
  const bags = bagsIn(input, weight, values);
  if (!MODES.includes(mode)) throw valueError('mode has to be one of sum, mean or max');
  if (mode === 'max' && scale_grad_by_freq) {
    throw valueError('max mode does not support scaling the gradient by the frequency');
  }
  if (mode === 'max' && sparse) throw valueError('max mode does not support sparse weights');
  if (max_norm !== null) limitNorms(weight, bags.input, max_norm, norm_type);
  if (bags.factors !== null && mode !== 'sum') {
    throw notImplementedError(
      'embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for ' +
        `mode='sum' (got mode='${mode}'). Please open a feature request on GitHub.`,
    );
  }
  const [output] = bagsOf(
    weight,
    bags.input,
    bags.offsets,
    scale_grad_by_freq,
    MODES.indexOf(mode),
    sparse,
    bags.factors,
    bags.include_last_offset,
    padding_idx,
  );
  return output!;
});

const SWAPPED =
  'Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is ' +
  'deprecated, and should now be `embedding_bag(input, weight, ...)`.';

interface Bag {
  input: Tensor;
  offsets: Tensor;
  factors: Tensor | null;
  include_last_offset: boolean;
}

/** Returns the indices in one dimension, with offsets. */
function bagsIn(
  input: Tensor,
  weight: Tensor,
  { offsets, per_sample_weights: factors, include_last_offset }: ValuesOf<typeof EMBEDDING_BAG>,
): Bag {
  if (factors !== null && String(factors.shape) !== String(input.shape)) {
    const shapes = [factors, input].map(({ shape }) => sizeText(shape));
    throw valueError(
      `embedding_bag: If per_sample_weights (${shapes[0]}) is not None, then it must have the same shape as the ` +
        `input (${shapes[1]})`,
    );
  }
  if (weight.ndim !== 2) {
    throw valueError(`weight has to be a 2D Tensor, but got Tensor of dimension ${weight.ndim}`);
  }
  if (input.ndim === 2) {
    if (offsets !== null) {
      throw valueError(
        'if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length ' +
          "sequences. However, found offsets of type <class 'torch.Tensor'>",
      );
    }
    const { dtype, device } = input;
    return {
      input: input.reshape(-1),
      offsets: range(0, input.numel(), input.size(1), { dtype, device }),
      factors: factors === null ? null : factors.reshape(-1),
      include_last_offset: false,
    };
  }
  if (input.ndim !== 1) {
    throw valueError(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.ndim}`);
  }
  if (offsets === null) throw valueError('offsets has to be a 1D Tensor but got None');
  if (offsets.ndim !== 1) throw valueError('offsets has to be a 1D Tensor');
  return { input, offsets, factors, include_last_offset };
}

/**
 * Returns vectors that are 1 at the given index and 0 elsewhere.
 *
 * Shapes: tensor (*) of int64; output (*, num_classes). If num_classes is -1, it is the largest index plus 1.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 */
export const one_hot = op<
  (tensor: Tensor, num_classes?: number | { num_classes?: number }) => Tensor
>('one_hot', [''], { inputName: 'tensor' });
