// jax-js with its WebAssembly backend, compiled with jit: `jax.mjs THREADS FOLDER`. It counts references: a function
// consumes its arguments, and `.ref` keeps one for another use.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { makeData } from './data.mjs';
import { serve } from './serve.mjs';

const [, folder] = process.argv.slice(2);
const require = createRequire(path.join(folder, 'package.json'));
const entry = path.join(path.dirname(require.resolve('@jax-js/jax')), 'index.js');
const { init, jit, nn, numpy: np, valueAndGrad } = await import(pathToFileURL(entry));
const { version } = require(path.join(path.dirname(entry), '..', 'package.json'));
await init('wasm');

const square = (x) => x.ref.mul(x);
const meanOf = (elementwise) => (x, t) => elementwise(x, t).mean();
const logit = (x, t) =>
  nn
    .relu(x.ref)
    .sub(x.ref.mul(t))
    .add(np.log1p(np.exp(np.abs(x).mul(-1))));
const chosen = (logs, oneHot) => {
  const rows = oneHot.shape[0];
  return logs
    .mul(oneHot)
    .sum()
    .mul(-1 / rows);
};
const crossEntropy = (x, oneHot) => chosen(nn.logSoftmax(x, -1), oneHot);
const distance = (a, b) => np.sqrt(square(a.sub(b).add(1e-6)).sum(-1));
const triplet = (a, p, n) => nn.relu(distance(a.ref, p).sub(distance(a, n)).add(1)).mean();

// Targets are given as one-hot vectors.
const LOSSES = {
  L1Loss: meanOf((x, t) => np.abs(x.sub(t))),
  MSELoss: meanOf((x, t) => square(x.sub(t))),
  SmoothL1Loss: meanOf(huber),
  HuberLoss: meanOf(huber),
  PoissonNLLLoss: meanOf((x, t) => np.exp(x.ref).sub(t.mul(x))),
  GaussianNLLLoss: (x, t, variance) => {
    const clamped = np.maximum(variance, 1e-6);
    return np
      .log(clamped.ref)
      .add(square(x.sub(t)).div(clamped))
      .mul(0.5)
      .mean();
  },
  BCELoss: meanOf((x, t) => {
    const present = t.ref.mul(np.log(x.ref));
    const absent = t
      .mul(-1)
      .add(1)
      .mul(np.log(x.mul(-1).add(1)));
    return present.add(absent).mul(-1);
  }),
  BCEWithLogitsLoss: meanOf(logit),
  SoftMarginLoss: meanOf((x, t) => np.log1p(np.exp(t.mul(x).mul(-1)))),
  HingeEmbeddingLoss: meanOf((x, t) =>
    np.where(np.greater(t, 0), x.ref, nn.relu(x.mul(-1).add(1))),
  ),
  MultiLabelSoftMarginLoss: meanOf(logit),
  KLDivLoss: (x, t) => {
    const rows = x.shape[0];
    return t.ref
      .mul(np.log(t).sub(x))
      .sum()
      .mul(1 / rows);
  },
  NLLLoss: chosen,
  CrossEntropyLoss: crossEntropy,
  LinearCrossEntropyLoss: (x, oneHot, weight) =>
    crossEntropy(np.matmul(x, weight.transpose()), oneHot),
  MultiMarginLoss: (x, oneHot) => {
    const own = x.ref.mul(oneHot).sum(1, { keepdims: true });
    const classes = x.shape[1];
    return nn
      .relu(x.sub(own).add(1))
      .sum(1)
      .sub(1)
      .mul(1 / classes)
      .mean();
  },
  MarginRankingLoss: (a, b, t) => nn.relu(t.mul(a.sub(b)).mul(-1)).mean(),
  CosineEmbeddingLoss: (a, b, t) => {
    const lengths = square(a.ref).sum(1).add(1e-12).mul(square(b.ref).sum(1).add(1e-12));
    const cosine = a.mul(b).sum(1).div(np.sqrt(lengths));
    return np.where(np.greater(t, 0), cosine.ref.mul(-1).add(1), nn.relu(cosine)).mean();
  },
  TripletMarginLoss: triplet,
  TripletMarginWithDistanceLoss: triplet,
};

function huber(x, t) {
  const error = np.abs(x.sub(t));
  return np.where(np.less(error.ref, 1), square(error.ref).mul(0.5), error.sub(0.5));
}

let held = [];

serve({ version, threads: 1 }, ({ prepare: { loss, inputs, parameters }, backward }) => {
  const criterion = LOSSES[loss];
  if (!criterion) {
    return { unsupported: 'no expression of it' };
  }
  for (const array of held) {
    array.dispose();
  }
  const described = [...inputs, ...parameters];
  held = described.map(makeArray);
  const args = held;
  try {
    const step = backward ? stepWithGradients(criterion, described, args) : stepOf(criterion, args);
    return { value: step(), step };
  } catch (error) {
    return { unsupported: error.message };
  }
});

// Arrays are computed lazily, so reading the loss waits for it.
function stepOf(criterion, args) {
  const run = jit(criterion);
  return () => run(...args.map((arg) => arg.ref)).item();
}

function stepWithGradients(criterion, described, args) {
  const argnums = described.flatMap(({ grad }, index) => (grad ? [index] : []));
  const run = jit(valueAndGrad(criterion, { argnums }));
  return () => {
    const [value, gradients] = run(...args.map((arg) => arg.ref));
    const loss = value.item();
    for (const gradient of gradients) {
      gradient.dispose(); // computed with the loss, by one program
    }
    return loss;
  };
}

function makeArray(input, index) {
  const array = np.array(makeData(input, index)).reshape(input.shape);
  return input.integers ? nn.oneHot(array, input.integers[1]) : array;
}
