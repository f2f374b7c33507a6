/** Parts of datasets. Source: torch/utils/data/dataset.py. */
import { notImplementedError, valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import {
  GENERATOR,
  NUMBERS,
  optional,
  orNull,
  required,
  Signature,
} from '../../dispatch/signature';
import { default_generator, type Generator } from '../../random/generator';
import { randperm } from '../../tensor/factories';
import {
  type Awaitable,
  Dataset,
  element,
  type MapStyle,
  type SampleOf,
  samplesAt,
} from './dataset';
import { checkIndices, INDICES, lengthOf, MAP_STYLE } from './protocol';

const SUBSET = new Signature('Subset', {
  dataset: required(MAP_STYLE),
  indices: required(INDICES),
});

/**
 * The samples of a dataset at some indices.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 *
 * @throws TorchError (NotImplementedError) for a subclass that overrides `at` and not `__getitems__`
 */
export class Subset<Sample = unknown> extends Dataset<Sample> {
  static readonly signature = SUBSET.description;
  readonly dataset: MapStyle<Sample>;
  readonly indices: ArrayLike<number>;

  constructor(dataset: MapStyle<Sample>, indices: ArrayLike<number>) {
    super();
    const given = SUBSET.read([dataset, indices]);
    this.dataset = given.dataset as MapStyle<Sample>;
    this.indices = given.indices;
    const { at, __getitems__ } = Subset.prototype;
    if (this.at !== at && this.__getitems__ === __getitems__) {
      throw notImplementedError(
        `${this.constructor.name} overrides at but not __getitems__. When subclassing Subset and overriding at, you ` +
          'must also override __getitems__ to ensure DataLoader works correctly with your custom logic. A simple ' +
          'implementation:\n\n__getitems__(indices) {\n  return indices.map((index) => this.at(index));\n}',
      );
    }
  }

  override get length(): number {
    return this.indices.length;
  }

  override at(index: number): Awaitable<Sample> {
    return this.dataset.at(element(this.indices, index));
  }

  __getitems__(indices: readonly number[]): Awaitable<readonly Sample[]> {
    checkIndices(indices);
    return samplesAt(
      this.dataset,
      indices.map((index) => element(this.indices, index)),
    );
  }
}

const RANDOM_SPLIT = new Signature('random_split', {
  dataset: required(MAP_STYLE),
  lengths: required(NUMBERS),
  generator: optional<Generator | null>(orNull(GENERATOR), default_generator),
});

/**
 * Splits a dataset at random into datasets of given lengths, or of fractions that add up to 1.
 *
 * ```ts
 * const [train, test] = random_split(dataset, [0.8, 0.2], { generator: new torch.Generator().manual_seed(42) });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split
 *
 * @param generator - default: the default generator
 * @throws RangeError (ValueError) unless the lengths add up to the dataset's
 */
export function random_split<D>(
  dataset: D,
  lengths: readonly number[],
  generator?: Generator | null | { generator?: Generator | null | undefined },
): Subset<SampleOf<D>>[];
export function random_split(...args: unknown[]): Subset[] {
  const { dataset, lengths: given, generator } = RANDOM_SPLIT.read(args);
  const lengths = lengthsOf(lengthOf(dataset), given);
  const total = sum(lengths);
  if (total !== lengthOf(dataset)) {
    throw valueError('Sum of input lengths does not equal the length of the input dataset!');
  }
  const indices = randperm(total, { generator }).tolist() as number[];
  let end = 0;
  return lengths.map((length) => {
    const start = end;
    end += length;
    return new Subset(dataset as MapStyle<unknown>, indices.slice(Math.max(start, 0), end));
  });
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** Python's default tolerance of `math.isclose`. */
const TOLERANCE = 1e-9;

/** Returns the lengths for fractions that add up to 1, else the given ones. */
function lengthsOf(size: number, given: readonly number[]): number[] {
  const total = sum(given);
  const isFractions = total <= 1 && 1 - total <= TOLERANCE;
  if (!isFractions) return [...given];
  const lengths = given.map((fraction, index) => {
    if (fraction >= 0 && fraction <= 1) return Math.floor(size * fraction);
    throw valueError(`Fraction at index ${index} is not between 0 and 1`);
  });
  const remainder = size - sum(lengths);
  for (let index = 0; index < remainder; index++) lengths[index % lengths.length]! += 1;
  for (const [index, length] of lengths.entries()) {
    if (length > 0) continue;
    warn(
      `Length of split at index ${index} is 0. This might result in an empty dataset.`,
      'UserWarning',
      'user',
    );
  }
  return lengths;
}
