// TensorFlow.js with its WebAssembly or JavaScript backend: `tensorflow.mjs THREADS FOLDER wasm|cpu`. Losses that it
// cannot express are reported as unsupported.
import { createRequire } from 'node:module';
import path from 'node:path';

import { makeData } from './data.mjs';
import { serve } from './serve.mjs';

const [threads, folder, backend] = process.argv.slice(2);
const require = createRequire(path.join(folder, 'package.json'));
console.log = console.error; // standard output belongs to the protocol
const tf = require('@tensorflow/tfjs');
const { add, sub, mul, div, mean, sum, square, sqrt, relu, exp, log, neg, abs } = tf;
const wasm = require('@tensorflow/tfjs-backend-wasm');
wasm.setThreadsCount(Number(threads));
await tf.setBackend(backend);
await tf.ready();

const meanOf = (elementwise) => (x, t) => mean(elementwise(x, t));
const logit = (x, t) => add(sub(relu(x), mul(x, t)), tf.log1p(exp(neg(abs(x)))));
const chosen = (logs, oneHot) => neg(div(sum(mul(logs, oneHot)), oneHot.shape[0]));
const crossEntropy = (x, oneHot) => chosen(tf.logSoftmax(x), oneHot);
const distance = (a, b) => sqrt(sum(square(add(sub(a, b), 1e-6)), -1));
const triplet = (a, p, n) => mean(relu(add(sub(distance(a, p), distance(a, n)), 1)));

// Targets are given as one-hot vectors, which TensorFlow.js needs.
const LOSSES = {
  L1Loss: meanOf((x, t) => abs(sub(x, t))),
  MSELoss: meanOf((x, t) => tf.squaredDifference(x, t)),
  SmoothL1Loss: meanOf(huber),
  HuberLoss: meanOf(huber),
  PoissonNLLLoss: meanOf((x, t) => sub(exp(x), mul(t, x))),
  GaussianNLLLoss: (x, t, variance) => {
    const clamped = tf.maximum(variance, 1e-6);
    return mean(mul(add(log(clamped), div(square(sub(x, t)), clamped)), 0.5));
  },
  BCELoss: meanOf((x, t) => neg(add(mul(t, log(x)), mul(sub(1, t), log(sub(1, x)))))),
  BCEWithLogitsLoss: meanOf(logit),
  SoftMarginLoss: meanOf((x, t) => tf.log1p(exp(neg(mul(t, x))))),
  HingeEmbeddingLoss: meanOf((x, t) => tf.where(tf.greater(t, 0), x, relu(sub(1, x)))),
  MultiLabelSoftMarginLoss: meanOf(logit),
  KLDivLoss: (x, t) => div(sum(mul(t, sub(log(t), x))), x.shape[0]),
  NLLLoss: chosen,
  CrossEntropyLoss: crossEntropy,
  LinearCrossEntropyLoss: (x, oneHot, weight) =>
    crossEntropy(tf.matMul(x, weight, false, true), oneHot),
  MultiMarginLoss: (x, oneHot) => {
    const own = sum(mul(x, oneHot), 1, true);
    return mean(div(sub(sum(relu(add(sub(x, own), 1)), 1), 1), x.shape[1]));
  },
  MarginRankingLoss: (a, b, t) => mean(relu(neg(mul(t, sub(a, b))))),
  CosineEmbeddingLoss: (a, b, t) => {
    const dot = (x, y) => sum(mul(x, y), 1);
    const cosine = div(dot(a, b), sqrt(mul(add(dot(a, a), 1e-12), add(dot(b, b), 1e-12))));
    return mean(tf.where(tf.greater(t, 0), sub(1, cosine), relu(cosine)));
  },
  TripletMarginLoss: triplet,
  TripletMarginWithDistanceLoss: triplet,
};

function huber(x, t) {
  const error = abs(sub(x, t));
  return tf.where(tf.less(error, 1), mul(square(error), 0.5), sub(error, 0.5));
}

let held = [];

serve(
  { version: tf.version.tfjs, threads: backend === 'wasm' ? wasm.getThreadsCount() : 1 },
  ({ prepare: { loss, inputs, parameters }, backward }) => {
    const criterion = LOSSES[loss];
    if (!criterion) {
      return { unsupported: 'no expression of it' };
    }
    tf.dispose(held);
    const described = [...inputs, ...parameters];
    const args = (held = described.map(makeTensor));
    try {
      const value = tf.tidy(() => criterion(...args).dataSync()[0]);
      const step = backward
        ? stepWithGradients(criterion, described, args)
        : () => criterion(...args);
      if (backward) {
        tf.tidy(() => void step()); // some operations have no gradient
      }
      return { value, step: () => void tf.tidy(() => void step()) };
    } catch (error) {
      return { unsupported: error.message };
    }
  },
);

function stepWithGradients(criterion, described, args) {
  const wanted = described.flatMap(({ grad }, index) => (grad ? [index] : []));
  const run = tf.valueAndGrads((...leaves) => {
    const all = [...args];
    for (const [position, index] of wanted.entries()) {
      all[index] = leaves[position];
    }
    return criterion(...all);
  });
  const leaves = wanted.map((index) => args[index]);
  return () => run(leaves);
}

function makeTensor(input, index) {
  const data = makeData(input, index);
  if (!input.integers) {
    return tf.tensor(data, input.shape);
  }
  return tf.tidy(() =>
    tf.cast(tf.oneHot(tf.tensor(data, input.shape, 'int32'), input.integers[1]), 'float32'),
  );
}
