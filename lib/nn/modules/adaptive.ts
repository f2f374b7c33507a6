/** Adaptive softmax: the softmax of many classes, in clusters. Source: torch/nn/modules/adaptive.py. */

import { createError, runtimeError, valueError } from '../../bindings/errors';
import { type Handle, tensorHandle } from '../../bindings/handle';
import { type AsyncOptions, submit } from '../../bindings/jobs';
import { type Native, native } from '../../bindings/native';
import { wrap } from '../../bindings/wrap';
import { type Callee, describe, fail, isOptions } from '../../dispatch/arguments';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  NUMBERS,
  optional,
  type Place,
  type Positional,
  required,
  Signature,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { pow } from '../../utils/scalar_math';
import { log_softmax } from '../functional/softmax';
import { op } from '../ops';
import { sizeText } from '../typename';
import { ModuleList, Sequential } from './container';
import { Linear } from './linear';
import { Module } from './module';

export interface AdaptiveLogSoftmaxWithLossOptions extends FactoryOptions {
  /** The factor by which the projection of each cluster is smaller than that of the cluster before. Default: 4. */
  div_value?: number | undefined;
  /** Whether the head has a bias. Default: false. */
  head_bias?: boolean | undefined;
}

/** The result of a call. It iterates over the fields in this order. */
export interface AdaptiveOutput extends Iterable<Tensor> {
  /** The log-probabilities of the targets, of shape (N) or (). */
  readonly output: Tensor;
  /** The negative mean of `output`. */
  readonly loss: Tensor;
}

const ADAPTIVE = new Signature('AdaptiveLogSoftmaxWithLoss', {
  in_features: required(INT),
  n_classes: required(INT),
  cutoffs: required(NUMBERS),
  div_value: optional(FLOAT, 4),
  head_bias: optional(BOOL, false),
  ...FACTORY,
});

/**
 * Approximates the softmax of many classes, which must be sorted by frequency. The most frequent classes are in the
 * head, the others in clusters. A cluster is computed only for the rows that need it.
 *
 * $$\log p(y \mid x) = \begin{cases} \log \operatorname{softmax}(H x)_y & y \text{ in the head} \\ \log
 * \operatorname{softmax}(H x)_{c_i} + \log \operatorname{softmax}(T_i x)_y & y \text{ in cluster } i \end{cases}$$
 *
 * $$\text{loss} = -\frac1N \sum_n \log p(y_n \mid x_n)$$
 *
 * $H$ is the head. Its last outputs $c_i$ stand for the clusters. $T_i$ are the two layers of cluster $i$.
 *
 * `cutoffs` are the indices of the first class in each cluster.
 *
 * Shapes: input (N, in_features) or (in_features), target (N) or (); output (N) or (), loss ().
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
 *
 * @throws RangeError (ValueError) unless the cutoffs are increasing integers between 1 and n_classes-1
 *
 * @example
 * ```ts
 * torch.manual_seed(0);
 * const criterion = new nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10]); // classes: 5 in the head, clusters of 5 and 10
 * const input = torch.randn(3, 16);
 * const { output, loss } = criterion(input, torch.tensor([0, 7, 19]));
 * console.log(output);
 * // tensor([-2.0669, -3.0003, -4.1373], grad_fn=<AddBackward0>)
 * console.log(loss);
 * // tensor(3.0682, grad_fn=<MeanBackward0>)
 * console.log(criterion.predict(input));
 * // tensor([3, 0, 4])
 * ```
 */
export class AdaptiveLogSoftmaxWithLoss extends Module<
  [input: Tensor, target: Tensor],
  AdaptiveOutput
> {
  static readonly signature = ADAPTIVE.description;
  in_features: number;
  n_classes: number;
  /** The first class of each cluster, then n_classes. */
  cutoffs: number[];
  div_value: number;
  head_bias: boolean;
  /** The number of classes in the head. */
  shortlist_size: number;
  n_clusters: number;
  /** The number of outputs of the head: its classes and the clusters. */
  head_size: number;
  declare head: Linear;
  declare tail: ModuleList;

  constructor(
    ...args: Positional<
      [in_features: number, n_classes: number, cutoffs: readonly number[]],
      [div_value: 'div_value', head_bias: 'head_bias', ...Place],
      AdaptiveLogSoftmaxWithLossOptions
    >
  ) {
    const { in_features, n_classes, cutoffs, div_value, head_bias, ...factory } =
      ADAPTIVE.read(args);
    checkCutoffs(cutoffs, n_classes);
    super();
    this.in_features = in_features;
    this.n_classes = n_classes;
    this.cutoffs = [...cutoffs, n_classes];
    this.div_value = div_value;
    this.head_bias = head_bias;
    this.shortlist_size = this.cutoffs[0]!;
    this.n_clusters = this.cutoffs.length - 1;
    this.head_size = this.shortlist_size + this.n_clusters;
    this.register_module(
      'head',
      new Linear(in_features, this.head_size, { bias: head_bias, ...factory }),
    );
    this.register_module('tail', new ModuleList());
    for (let i = 0; i < this.n_clusters; i++) {
      const hidden = floorDivide(in_features, pow(div_value, i + 1));
      const outputs = this.cutoffs[i + 1]! - this.cutoffs[i]!;
      const options = { bias: false, ...factory };
      this.tail.append(
        new Sequential(
          new Linear(in_features, hidden, options),
          new Linear(hidden, outputs, options),
        ),
      );
    }
  }

  /** Initializes all weights again, at random. */
  reset_parameters(): void {
    this.head.reset_parameters();
    for (const cluster of this.tail) {
      for (const layer of cluster as Sequential) (layer as Linear).reset_parameters();
    }
  }

  override forward(input: Tensor, target: Tensor): AdaptiveOutput {
    const handles = native.adaptive_log_softmax_with_loss(...this._marshal(input, target));
    return adaptiveOutput(handles, target.ndim > 0);
  }

  /**
   * Like calling the module, but does not block the event loop. `{ signal }` cancels the call if it has not started.
   */
  override async forwardAsync(
    input: Tensor,
    target: Tensor,
    options?: AsyncOptions,
  ): Promise<AdaptiveOutput> {
    if (options !== undefined && !isOptions(options)) {
      throw fail(CALLEE, `expects options, got ${describe(options)}`);
    }
    let isBatched = true;
    const handles = await submit((job) => {
      const marshalled = this._marshal(input, target);
      isBatched = target.ndim > 0;
      return job.adaptive_log_softmax_with_loss(...marshalled);
    }, options);
    return adaptiveOutput(handles, isBatched);
  }

  /** @internal */
  _marshal(input: Tensor, target: Tensor): Parameters<Native['adaptive_log_softmax_with_loss']> {
    tensorHandle(input, CALLEE, 'input');
    tensorHandle(target, CALLEE, 'target');
    checkShapes(input, target);
    const isBatched = target.ndim > 0;
    const [rows, classes] = isBatched ? [input, target] : [input.unsqueeze(0), target.unsqueeze(0)];
    const layers = Array.from(this.tail, (cluster) => [...(cluster as Sequential)] as Linear[]);
    return [
      tensorHandle(rows, CALLEE, 'input'),
      tensorHandle(classes, CALLEE, 'target'),
      tensorHandle(this.head.weight, CALLEE, 'head.weight'),
      this.head.bias && tensorHandle(this.head.bias, CALLEE, 'head.bias'),
      layers.flatMap((pair) => pair.map(({ weight }) => tensorHandle(weight, CALLEE, 'tail'))),
      this.cutoffs,
      this.shortlist_size,
    ];
  }

  /** @internal */
  _cluster(index: number, input: Tensor): Tensor {
    return (this.tail.at(index) as Sequential)(input);
  }

  /**
   * Returns the log-probabilities of all classes.
   *
   * Shapes: input (N, in_features), output (N, n_classes).
   */
  log_prob(input: Tensor): Tensor {
    return this._fullLogProb(input, this.head(input));
  }

  /** @internal */
  _fullLogProb(input: Tensor, headOutput: Tensor): Tensor {
    const { shortlist_size, cutoffs } = this;
    const out = newEmpty(input, [headOutput.size(0), this.n_classes]);
    const headLogProb = log_softmax(headOutput, 1);
    out.narrow(1, 0, shortlist_size).copy_(headLogProb.narrow(1, 0, shortlist_size));
    for (let i = 0; i < this.n_clusters; i++) {
      const start = cutoffs[i]!;
      const logProb = log_softmax(this._cluster(i, input), 1);
      const ofCluster = headLogProb.select(1, shortlist_size + i).unsqueeze(1);
      out.narrow(1, start, cutoffs[i + 1]! - start).copy_(logProb.add(ofCluster));
    }
    return out;
  }

  /**
   * Returns the most probable classes: `log_prob(input).argmax(1)`. Computes only the head if that is enough.
   *
   * Shapes: input (N, in_features), output (N).
   */
  predict(input: Tensor): Tensor {
    const headOutput = this.head(input);
    const output = headOutput.argmax(1);
    const isElsewhere = output.ge(this.shortlist_size);
    if (!isElsewhere.any().item()) return output;
    if (isElsewhere.all().item()) return this._fullLogProb(input, headOutput).argmax(1);
    const [rows, scores] = [input, headOutput].map((tensor) => elementsAt(tensor, [isElsewhere]));
    return putAt(output, [isElsewhere], this._fullLogProb(rows!, scores!).argmax(1));
  }
}

const CALLEE: Callee = {
  name: 'AdaptiveLogSoftmaxWithLoss',
  parameters: [
    { name: 'input', required: true },
    { name: 'target', required: true },
  ],
};

const newEmpty = op<(self: Tensor, size: readonly number[]) => Tensor>('new_empty');
const elementsAt = op<(self: Tensor, indices: readonly Tensor[]) => Tensor>('index', ['Tensor']);
const putAt =
  op<(self: Tensor, indices: readonly Tensor[], values: Tensor) => Tensor>('index_put_');

function adaptiveOutput(
  [first, second]: readonly [Handle, Handle],
  isBatched: boolean,
): AdaptiveOutput {
  const [outputs, loss] = [wrap(first), wrap(second)];
  const output = isBatched ? outputs : outputs.squeeze(0);
  const result = { output, loss };
  Object.defineProperty(result, Symbol.iterator, { value: () => [output, loss].values() });
  return result as unknown as AdaptiveOutput;
}

function checkCutoffs(cutoffs: readonly number[], classes: number): void {
  if (cutoffs.length === 0) {
    throw valueError('cutoffs should be a sequence of length larger than 0');
  }
  const fits = cutoffs.every(
    (cutoff, index) =>
      Number.isInteger(cutoff) && cutoff > (cutoffs[index - 1] ?? 0) && cutoff <= classes - 1,
  );
  if (fits) return;
  throw valueError(
    'cutoffs should be a sequence of unique, positive integers sorted in an increasing order, ' +
      'where each value is between 1 and n_classes-1',
  );
}

function checkShapes(input: Tensor, target: Tensor): void {
  const dimensions = target.ndim;
  if (dimensions > 1) {
    throw runtimeError('0D or 1D target tensor expected, multi-target not supported');
  }
  if (dimensions === 1 && input.size(0) !== target.size(0)) {
    throw runtimeError('Input and target should have the same size in the batch dimension.');
  }
  if (input.ndim !== dimensions + 1) {
    throw runtimeError(
      `${dimensions}D target tensor expects ${dimensions + 1}D input tensors, ` +
        `but found inputs with size ${sizeText(input.shape)}`,
    );
  }
}

/** Returns Python's `int(x // y)` of floats. */
function floorDivide(x: number, y: number): number {
  if (Number.isNaN(y)) throw valueError('cannot convert float NaN to integer');
  if (y === 0) throw createError('ZeroDivisionError', 'float floor division by zero');
  const remainder = x % y;
  const isBelow = remainder !== 0 && remainder < 0 !== y < 0;
  const quotient = (x - remainder) / y - (isBelow ? 1 : 0);
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}
