/** Linear layers. Source: torch/nn/modules/linear.py. */
import { valueError } from '../../bindings/errors';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  INT,
  optional,
  type Place,
  type Positional,
  required,
  Signature,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr } from '../../utils/python';
import { bilinear, linear } from '../functional/linear';
import * as init from '../init';
import { empty } from '../ops';
import { Parameter } from '../parameter';
import { fillBias } from './bias';
import { Module } from './module';

/**
 * Returns its input. The constructor accepts and ignores any arguments. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
 */
export class Identity extends Module<[input: Tensor], Tensor> {
  constructor(..._args: unknown[]) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return input;
  }
}

export interface LinearOptions extends FactoryOptions {
  /** Whether there is a bias. Default: true. */
  bias?: boolean | undefined;
}

const LINEAR = new Signature('Linear', {
  in_features: required(INT),
  out_features: required(INT),
  bias: optional(BOOL, true),
  ...FACTORY,
});

/**
 * Computes `input @ weight.T + bias`. Weight and bias are initialized from the uniform distribution on ±1 /
 * sqrt(in_features).
 *
 * Shapes: input (*, in_features), output (*, out_features).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export class Linear extends Module<[input: Tensor], Tensor> {
  static readonly signature = LINEAR.description;
  in_features: number;
  out_features: number;
  /** Shape (out_features, in_features). */
  declare weight: Parameter;
  /** Shape (out_features). */
  declare bias: Parameter | null;

  constructor(
    ...args: Positional<
      [in_features: number, out_features: number],
      [bias: 'bias', ...Place],
      LinearOptions
    >
  ) {
    const { in_features, out_features, bias, ...factory } = LINEAR.read(args);
    super();
    this.in_features = in_features;
    this.out_features = out_features;
    this.register_parameter('weight', new Parameter(empty([out_features, in_features], factory)));
    this.register_parameter('bias', bias ? new Parameter(empty([out_features], factory)) : null);
    this.reset_parameters();
  }

  /** Initializes weight and bias again, at random. */
  reset_parameters(): void {
    init.kaiming_uniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias !== null) fillBias(this.bias, this.weight);
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extra_repr(): string {
    const { in_features, out_features, bias } = this;
    return `in_features=${in_features}, out_features=${out_features}, bias=${boolRepr(bias !== null)}`;
  }
}

const BILINEAR = new Signature('Bilinear', {
  in1_features: required(INT),
  in2_features: required(INT),
  out_features: required(INT),
  bias: optional(BOOL, true),
  ...FACTORY,
});

/**
 * Computes `input1 @ weight[k] @ input2 + bias[k]` for each output k.
 *
 * Shapes: input1 (*, in1_features), input2 (*, in2_features), output (*, out_features).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 */
export class Bilinear extends Module<[input1: Tensor, input2: Tensor], Tensor> {
  static readonly signature = BILINEAR.description;
  in1_features: number;
  in2_features: number;
  out_features: number;
  /** Shape (out_features, in1_features, in2_features). */
  declare weight: Parameter;
  /** Shape (out_features). */
  declare bias: Parameter | null;

  constructor(
    ...args: Positional<
      [in1_features: number, in2_features: number, out_features: number],
      [bias: 'bias', ...Place],
      LinearOptions
    >
  ) {
    const { in1_features, in2_features, out_features, bias, ...factory } = BILINEAR.read(args);
    super();
    this.in1_features = in1_features;
    this.in2_features = in2_features;
    this.out_features = out_features;
    const shape = [out_features, in1_features, in2_features];
    this.register_parameter('weight', new Parameter(empty(shape, factory)));
    this.register_parameter('bias', bias ? new Parameter(empty([out_features], factory)) : null);
    this.reset_parameters();
  }

  /** Initializes weight and bias again, at random. */
  reset_parameters(): void {
    if (this.in1_features <= 0) {
      throw valueError(`in1_features must be > 0, but got (in1_features=${this.in1_features})`);
    }
    const bound = 1 / Math.sqrt(this.weight.size(1));
    init.uniform_(this.weight, -bound, bound);
    if (this.bias !== null) init.uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extra_repr(): string {
    const { in1_features, in2_features, out_features, bias } = this;
    return (
      `in1_features=${in1_features}, in2_features=${in2_features}, ` +
      `out_features=${out_features}, bias=${boolRepr(bias !== null)}`
    );
  }
}
