/** Activations with bounds. Source: torch/nn/modules/activation.py. */
import { assertionError } from '../../../bindings/errors';
import { warn } from '../../../bindings/warnings';
import {
  FLOAT,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  type SignatureParameter,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { floatRepr } from '../../../utils/python';
import * as F from '../../functional/activation';
import { type LayerClass, layer } from '../layer';
import { Module } from '../module';
import { INPLACE, Inplace, type Input } from './inplace';

// All have the same shapes: input (*), output as input.

const HARDTANH = new Signature('Hardtanh', {
  min_val: optional(FLOAT, -1),
  max_val: optional(FLOAT, 1),
  ...INPLACE,
  min_value: nullable(FLOAT),
  max_value: nullable(FLOAT),
});

export interface HardtanhModuleOptions extends F.HardtanhOptions {
  /** @deprecated Use `min_val`. */
  min_value?: number | null | undefined;
  /** @deprecated Use `max_val`. */
  max_value?: number | null | undefined;
}

/**
 * Computes `min(max(min_val, x), max_val)`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
 *
 * @throws TorchError (AssertionError) unless max_val is greater than min_val
 */
export class Hardtanh extends Inplace {
  static readonly signature: readonly SignatureParameter[] = HARDTANH.description;
  min_val: number;
  max_val: number;

  constructor(
    ...args: Positional<
      [],
      [
        min_val: 'min_val',
        max_val: 'max_val',
        inplace: 'inplace',
        min_value: 'min_value',
        max_value: 'max_value',
      ],
      HardtanhModuleOptions
    >
  ) {
    const { min_val, max_val, inplace, min_value, max_value } = HARDTANH.read(args);
    super(inplace);
    if (min_value !== null) warn(renamed('min_val'), 'FutureWarning');
    if (max_value !== null) warn(renamed('max_val'), 'FutureWarning');
    this.min_val = min_value ?? min_val;
    this.max_val = max_value ?? max_val;
    if (this.max_val > this.min_val) return;
    if (Number.isNaN(this.max_val) || Number.isNaN(this.min_val)) return;
    throw assertionError(
      `max_val (${floatRepr(this.max_val)}) must be greater than min_val (${floatRepr(this.min_val)})`,
    );
  }

  override forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.min_val, this.max_val, this.inplace);
  }

  override extra_repr(): string {
    const [least, greatest] = [this.min_val, this.max_val].map(floatRepr);
    return this._described(`min_val=${least}`, `max_val=${greatest}`);
  }
}

const renamed = (name: string): string =>
  `keyword argument \`${name}ue\` is deprecated and renamed to \`${name}\``;

const RELU6 = new Signature('ReLU6', INPLACE);

/** Computes `min(max(0, x), 6)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html */
export class ReLU6 extends Hardtanh {
  static override readonly signature = RELU6.description;

  constructor(...args: [inplace?: boolean | F.InplaceOption]) {
    super(0, 6, RELU6.read(args).inplace);
  }

  override extra_repr(): string {
    return this._described();
  }
}

const THRESHOLD = new Signature('Threshold', {
  threshold: required(FLOAT),
  value: required(FLOAT),
  ...INPLACE,
});

/**
 * Computes `x` if it is above the threshold, else `value`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
 */
export class Threshold extends Inplace {
  static readonly signature = THRESHOLD.description;
  threshold: number;
  value: number;

  constructor(
    ...args: Positional<[threshold: number, value: number], [inplace: 'inplace'], F.InplaceOption>
  ) {
    const { threshold, value, inplace } = THRESHOLD.read(args);
    super(inplace);
    this.threshold = threshold;
    this.value = value;
  }

  override forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }

  override extra_repr(): string {
    const [threshold, value] = [this.threshold, this.value].map(floatRepr);
    return this._described(`threshold=${threshold}`, `value=${value}`);
  }
}

const LAMBD = { lambd: optional(FLOAT, 0.5) };

/** The base of activations that are 0 near 0. */
abstract class Shrink extends Module<Input, Tensor> {
  lambd: number;
  /** @internal */
  declare readonly _compute: (input: Tensor, lambd: number) => Tensor;

  constructor({ lambd }: { lambd: number }) {
    super();
    this.lambd = lambd;
  }

  override forward(input: Tensor): Tensor {
    return this._compute(input, this.lambd);
  }

  override extra_repr(): string {
    return floatRepr(this.lambd);
  }
}

const shrink = (
  name: string,
  _compute: Shrink['_compute'],
): LayerClass<[lambd?: number | F.LambdOption], Shrink> => layer(Shrink, name, LAMBD, { _compute });

/**
 * Computes `x`, or 0 if `|x|` is at most `lambd`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
 */
export class Hardshrink extends shrink('Hardshrink', F.hardshrink) {}

/**
 * Computes `x` moved towards 0 by `lambd`, or 0 if `|x|` is at most `lambd`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
 */
export class Softshrink extends shrink('Softshrink', F.softshrink) {}
