// The cases: every loss of torch.nn.modules.loss, its inputs at each size, and how often it is timed.
//
// A case only describes its inputs. Each side generates them by the same rule (sides/protocol.md), so that all compute
// with the same numbers. Their results are compared.

/** The sizes. The main input has rows × classes elements. */
export const SIZES = {
  tiny: [4, 4],
  small: [32, 10],
  medium: [256, 1000],
  large: [1024, 1000],
  huge: [4096, 32000],
};

const IN_FEATURES = 64;

const scores = (...shape) => ({ uniform: [-3, 3], shape, grad: true });
const probabilities = (...shape) => ({ uniform: [0.01, 0.99], shape, grad: true });
const logProbabilities = (...shape) => ({ uniform: [-8, -2], shape, grad: true });
const fixed = ({ grad, ...input }) => input;
const classes = (count, ...shape) => ({ integers: [0, count], shape });
const signs = (...shape) => ({ signs: true, shape });

const numbers = (n, c) => [scores(n, c), fixed(scores(n, c))];
const triplet = (n, c) => [scores(n, c), scores(n, c), scores(n, c)];

/** The arguments of each loss at a size. `options` are the options of its class. */
const LOSSES = {
  L1Loss: { inputs: numbers },
  MSELoss: { inputs: numbers },
  SmoothL1Loss: { inputs: numbers },
  HuberLoss: { inputs: numbers },
  PoissonNLLLoss: { inputs: numbers },
  GaussianNLLLoss: { inputs: (n, c) => [...numbers(n, c), probabilities(n, c)] },
  BCELoss: { inputs: (n, c) => [probabilities(n, c), fixed(probabilities(n, c))] },
  BCEWithLogitsLoss: { inputs: (n, c) => [scores(n, c), fixed(probabilities(n, c))] },
  SoftMarginLoss: { inputs: (n, c) => [scores(n, c), signs(n, c)] },
  HingeEmbeddingLoss: { inputs: (n, c) => [scores(n, c), signs(n, c)] },
  MultiLabelSoftMarginLoss: { inputs: (n, c) => [scores(n, c), fixed(probabilities(n, c))] },
  KLDivLoss: {
    options: { reduction: 'batchmean' },
    inputs: (n, c) => [logProbabilities(n, c), fixed(probabilities(n, c))],
  },
  NLLLoss: { inputs: (n, c) => [logProbabilities(n, c), classes(c, n)] },
  CrossEntropyLoss: { inputs: (n, c) => [scores(n, c), classes(c, n)] },
  LinearCrossEntropyLoss: {
    features: (c) => [IN_FEATURES, c],
    inputs: (n, c) => [scores(n, IN_FEATURES), classes(c, n)],
    parameters: (c) => [{ uniform: [-0.1, 0.1], shape: [c, IN_FEATURES], grad: true }],
  },
  MultiMarginLoss: { inputs: (n, c) => [scores(n, c), classes(c, n)] },
  MultiLabelMarginLoss: { inputs: (n, c) => [scores(n, c), { labels: 3, shape: [n, c] }] },
  MarginRankingLoss: { inputs: (n, c) => [scores(n, c), scores(n, c), signs(n, c)] },
  CosineEmbeddingLoss: { inputs: (n, c) => [scores(n, c), scores(n, c), signs(n)] },
  TripletMarginLoss: { inputs: triplet },
  TripletMarginWithDistanceLoss: { inputs: triplet },
  CTCLoss: { inputs: sequences },
};

// The number of elements is rows × classes: n / batch steps of a batch, with half as many labels as steps.
function sequences(n, c) {
  const batch = n >= 256 ? 8 : 2;
  const steps = n / batch;
  const labels = steps / 4;
  return [
    logProbabilities(steps, batch, c),
    { integers: [1, c], shape: [batch, labels] },
    { list: Array(batch).fill(steps) },
    { list: Array(batch).fill(labels) },
  ];
}

/**
 * Describes a loss at a size, in the form that the sides read (sides/protocol.md).
 *
 * @param {string} loss
 * @param {keyof SIZES} size
 */
export function describeCase(loss, size) {
  const [n, c] = SIZES[size];
  const { inputs, options = {}, features, parameters } = LOSSES[loss];
  return {
    loss,
    positional: features?.(c) ?? [],
    options,
    inputs: inputs(n, c),
    parameters: parameters?.(c) ?? [],
  };
}

const ALL = Object.keys(LOSSES);

/**
 * Returns the cases of a run in order, each once with forward and once with forward and backward.
 *
 * @param {{ quick: boolean, only?: string }} options
 */
export function casesOfRun({ quick, only }) {
  const plan = {
    tiny: ['MSELoss'],
    small: ALL,
    medium: quick ? [] : ALL,
    large: quick ? ['MSELoss', 'CrossEntropyLoss', 'KLDivLoss', 'TripletMarginLoss'] : ALL,
    huge: quick ? [] : ['CrossEntropyLoss'],
  };
  return Object.entries(plan).flatMap(([size, losses]) =>
    losses
      .filter((loss) => !only || loss.includes(only))
      .flatMap((loss) => [
        { loss, size, backward: false },
        { loss, size, backward: true },
      ]),
  );
}
