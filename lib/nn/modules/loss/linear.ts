/** Cross entropy together with the linear layer before it. Source: torch/nn/modules/loss.py. */

import { runtimeError } from '../../../bindings/errors';
import { isSince, lacking } from '../../../bindings/libtorch/versions';
import { libtorch } from '../../../bindings/native';
import {
  ANYTHING,
  type FactoryOptions,
  FLOAT,
  INTS,
  mismatch,
  option,
  orNull,
  required,
  Signature,
  TENSOR,
  type Type,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { boolRepr, floatRepr, optionalRepr, tupleRepr } from '../../../utils/python';
import {
  type LinearCrossEntropyLossOptions,
  linear_cross_entropy,
} from '../../functional/loss/classification';
import type { Given } from '../../functional/loss/definition';
import { Linear } from '../linear';
import { _WeightedLoss, type FunctionalCall } from './base';
import type { LinearCrossEntropyOptions } from './linear_cross_entropy_options';

export interface LinearCrossEntropyLossModuleOptions
  extends FactoryOptions,
    Omit<LinearCrossEntropyLossOptions, 'linear_bias'> {
  /** The sizes (d1, …, dK) of a K-dimensional loss. Default: []. */
  out_features?: readonly number[];
  /** Whether the layer has a bias. Default: false. */
  bias?: boolean;
}

const { reduction, weight, ignore_index, label_smoothing, options } = linear_cross_entropy.options;

const SIGNATURE = new Signature('LinearCrossEntropyLoss', {
  // The linear layer checks these parameters.
  in_features: required(ANYTHING as Type<number>),
  num_classes: required(ANYTHING as Type<number>),
  out_features: option(INTS, Object.freeze([]) as readonly number[]),
  bias: option(ANYTHING as Type<boolean>, false),
  device: option(ANYTHING as Type<FactoryOptions['device']>, null),
  dtype: option(ANYTHING as Type<FactoryOptions['dtype']>, null),
  reduction: { ...reduction, type: ANYTHING as Type<string> },
  weight: { ...weight, type: orNull(TENSOR) },
  ignore_index: { ...ignore_index, type: ANYTHING as Type<number | bigint | null> },
  label_smoothing: { ...label_smoothing, type: FLOAT },
  options: { ...options, type: ANYTHING as Type<LinearCrossEntropyOptions | null> },
});

/**
 * Contains a linear layer, and computes the cross entropy of its output: `CrossEntropyLoss(linear(x), y)`.
 *
 * $$\ell_n = -w_{y_n} \log \frac{\exp(z_{n,y_n})}{\sum_c \exp(z_{n,c})}, \qquad z_n = A x_n + b$$
 *
 * Shapes: input (in_features) or (N, in_features); target: class indices of shape (), (N) or (N, d1, …, dK), or
 * probabilities, whose shape has C after N; output a scalar, or target's shape without C if `reduction` is `'none'`.
 * With `options`, the loss is computed in chunks of the batch, and gradients of gradients are not supported.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyLoss.html
 *
 * @throws TorchError (RuntimeError) if the shape of weight is not (C), or if label_smoothing is outside 0…1
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
  static readonly signature = SIGNATURE.description;
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
      throw lacking('torch.nn', SIGNATURE.name, '2.13', libtorch.version);
    }
    const values = SIGNATURE.read(args);
    const { num_classes, out_features, weight, label_smoothing } = values;
    if (weight && (weight.dim() !== 1 || weight.numel() !== num_classes)) {
      throw runtimeError(
        `expected weight shape to be ${tupleRepr([num_classes])}, got ${tupleRepr(weight.shape)}`,
      );
    }
    if (label_smoothing < 0 || label_smoothing > 1) {
      throw runtimeError(
        `expected label_smoothing to be in range [0, 1], got ${floatRepr(label_smoothing)}`,
      );
    }
    super({ weight, reduction: values.reduction });
    this.num_classes = num_classes;
    this.out_features = out_features;
    this.ignore_index = values.ignore_index;
    this.label_smoothing = label_smoothing;
    // The weight of a layer has two dimensions. So the dimensions of a K-dimensional loss are flattened here, and
    // restored in forward.
    const outputs = out_features.reduce((product, size) => product * size, num_classes);
    const { bias, device, dtype } = values;
    this.linear = new Linear(values.in_features, outputs, { bias, device, dtype });
    this.options = values.options;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const [values, weight] = this._values();
    return linear_cross_entropy.with(values, input, weight, target);
  }

  /** Returns the same call that forward makes. @internal */
  override _functionalCall([input, target]: [input: Tensor, target: Tensor]):
    | FunctionalCall
    | undefined {
    if (this.forward !== LinearCrossEntropyLoss.prototype.forward) return undefined;
    const [values, weight] = this._values();
    return { functional: linear_cross_entropy, values, inputs: [input, weight, target] };
  }

  /** Returns the arguments of the function: the options, and the layer's weight with the dimensions of the loss. @internal */
  _values(): [values: object, weight: Tensor] {
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

/**
 * Checks the attribute `out_features`, which may have been set to any value.
 *
 * @throws TypeError unless it is an array of sizes
 */
function sizesOf(out_features: unknown): readonly number[] {
  if (INTS.accepts(out_features)) return out_features as readonly number[];
  throw mismatch(SIGNATURE, 'out_features', INTS.expected, out_features);
}
