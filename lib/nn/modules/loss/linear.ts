/** Cross entropy with the linear layer before it. Source: torch/nn/modules/loss.py. */

import { runtimeError } from '../../../bindings/errors';
import type { AsyncOptions } from '../../../bindings/jobs';
import { isSince, lacking } from '../../../bindings/libtorch/versions';
import { libtorch } from '../../../bindings/native';
import { bind, describe, fail } from '../../../dispatch/arguments';
import type { DeviceLike } from '../../../tensor/device';
import type { DType } from '../../../tensor/dtype';
import type { Tensor } from '../../../tensor/tensor';
import { boolRepr, floatRepr, optionalRepr, tupleRepr } from '../../../utils/python';
import { linear_cross_entropy } from '../../functional/loss/classification';
import {
  type Given,
  Lowering,
  type ReductionOption,
  signatureOf,
} from '../../functional/loss/definition';
import { INTS } from '../../signature';
import { Linear } from '../linear';
import { _WeightedLoss } from './base';
import type { LinearCrossEntropyOptions } from './linear_cross_entropy_options';

export interface LinearCrossEntropyLossModuleOptions extends ReductionOption {
  /** (d1, …, dK) of a K-dimensional loss. Default: []. */
  out_features?: readonly number[];
  /** Whether the layer has a bias. Default: false. */
  bias?: boolean;
  device?: DeviceLike | null;
  dtype?: DType | null;
  /** A factor for each class, (C). Default: null. */
  weight?: Tensor | null;
  /** A class index that does not count; null is none. Default: null. */
  ignore_index?: number | bigint | null;
  /** How much of the target is spread over all classes, 0 to 1. Default: 0. */
  label_smoothing?: number;
  /** How to compute in chunks, which takes less memory. Default: null, all at once. */
  options?: LinearCrossEntropyOptions | null;
}

const REQUIRED = ['in_features', 'num_classes'];
const OPTIONS = [
  ['out_features', Object.freeze([])],
  ['bias', false],
  ['device', null],
  ['dtype', null],
  ...['reduction', 'weight', 'ignore_index', 'label_smoothing', 'options'].map(
    (name) => [name, linear_cross_entropy.defaultOf(name)] as const,
  ),
] as const;

const CALLEE = {
  name: 'LinearCrossEntropyLoss',
  parameters: [
    ...REQUIRED.map((name) => ({ name, required: true })),
    ...OPTIONS.map(([name]) => ({ name, keywordOnly: true })),
  ],
};

const AT = new Lowering(CALLEE);

/** @throws TypeError for anything but sizes */
function sizesOf(out_features: unknown): readonly number[] {
  if (INTS.accepts(out_features)) return out_features as readonly number[];
  const given = describe(out_features);
  throw fail(CALLEE, `argument 'out_features' must be ${INTS.expected}, got ${given}`);
}

/**
 * Cross entropy of a linear layer's outputs, with that layer: `CrossEntropyLoss(linear(x), y)`.
 *
 * $$\ell_n = -w_{y_n} \log \frac{\exp(z_{n,y_n})}{\sum_c \exp(z_{n,c})}, \qquad z_n = A x_n + b$$
 *
 * Shapes: input (in_features) or (N, in_features); target (), (N) or (N, d1, …, dK) of class indices, or with C after N,
 * probabilities; output a scalar, or target's shape without C where `reduction` is `'none'`. With `options` it is
 * computed in chunks of the batch, and gradients of gradients are not supported.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyLoss.html
 *
 * @throws TorchError (RuntimeError) for a weight of another shape than (C), or a label_smoothing outside 0…1
 *
 * @example
 * ```ts
 * const criterion = new nn.LinearCrossEntropyLoss(2, 3); // features, classes
 * torch.no_grad(() => criterion.linear.weight.copy_(torch.tensor([[1, 0.5], [0, 1], [-1, 0]])));
 * const input = torch.tensor([[1.5, 0.5]]);
 * const loss = criterion(input, torch.tensor([0]));
 * loss.backward();
 * console.log(loss);
 * // tensor(0.2816, grad_fn=<NllLossBackward0>)
 * console.log(criterion.linear.weight.grad);
 * // tensor([[-0.3682, -0.1227],
 * //         [ 0.3243,  0.1081],
 * //         [ 0.0439,  0.0146]])
 * ```
 */
export class LinearCrossEntropyLoss extends _WeightedLoss {
  static readonly signature = signatureOf(REQUIRED, OPTIONS);
  num_classes: number;
  out_features: readonly number[];
  ignore_index: number | bigint | null;
  label_smoothing: number;
  linear: Linear;
  options: LinearCrossEntropyOptions | null;

  constructor(
    in_features: number,
    num_classes: number,
    options?: Given<LinearCrossEntropyLossModuleOptions>,
  );
  constructor(...args: unknown[]) {
    if (!isSince('2.13', libtorch.version)) {
      throw lacking('torch.nn', CALLEE.name, '2.13', libtorch.version);
    }
    const bound = bind(CALLEE, args);
    const [inFeatures, numClasses] = bound as [number, number];
    const values = Object.fromEntries(
      OPTIONS.map(([name, fallback], index) => {
        const value = bound[REQUIRED.length + index];
        return [name, value === undefined ? fallback : value];
      }),
    ) as Required<LinearCrossEntropyLossModuleOptions>;
    const { weight } = values;
    AT.optionalTensor(weight, 'weight');
    const label_smoothing = AT.float(values.label_smoothing, 'label_smoothing');
    const out_features = sizesOf(values.out_features);
    if (weight && (weight.dim() !== 1 || weight.numel() !== numClasses)) {
      throw runtimeError(
        `expected weight shape to be ${tupleRepr([numClasses])}, got ${tupleRepr(weight.shape)}`,
      );
    }
    if (label_smoothing < 0 || label_smoothing > 1) {
      throw runtimeError(
        `expected label_smoothing to be in range [0, 1], got ${floatRepr(label_smoothing)}`,
      );
    }
    super({ weight, reduction: values.reduction });
    this.num_classes = numClasses;
    this.out_features = out_features;
    this.ignore_index = values.ignore_index;
    this.label_smoothing = label_smoothing;
    // A layer's weight has two dimensions: those of a K-dimensional loss are flattened here and restored in forward.
    const outputs = out_features.reduce((product, size) => product * size, numClasses);
    const { bias, device, dtype } = values;
    this.linear = new Linear(inFeatures, outputs, { bias, device, dtype });
    this.options = values.options;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const [values, weight] = this.#values();
    return linear_cross_entropy.with(values, input, weight, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    const [values, weight] = this.#values();
    return linear_cross_entropy.async(values, [input, weight, target], options);
  }

  /** What the functional takes: the options, and the layer's weight with the dimensions of the loss. */
  #values(): [values: object, weight: Tensor] {
    const { weight, bias, in_features } = this.linear;
    const outputs = [this.num_classes, ...sizesOf(this.out_features)];
    const values = {
      linear_bias: bias === null ? null : bias.reshape(outputs),
      weight: this.weight,
      reduction: this.reduction,
      ignore_index: this.ignore_index,
      label_smoothing: this.label_smoothing,
      options: this.options,
    };
    return [values, weight.reshape([...outputs, in_features])];
  }

  override extra_repr(): string {
    return [
      `in_features=${this.linear.in_features}`,
      `num_classes=${this.num_classes}`,
      `out_features=${tupleRepr(this.out_features)}`,
      `bias=${boolRepr(this.linear.bias !== null)}`,
      `reduction=${this.reduction}`,
      `ignore_index=${optionalRepr(this.ignore_index)}`,
      `label_smoothing=${floatRepr(this.label_smoothing)}`,
      `options=${optionalRepr(this.options)}`,
    ].join(', ');
  }
}
