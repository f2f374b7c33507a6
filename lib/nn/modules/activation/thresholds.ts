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
import { attributes, type LayerClass, layer } from '../layer';
import { activation, INPLACE } from './inplace';

// All have the same shapes: input (*), output as input.

const VALUES = { min_val: optional(FLOAT, -1), max_val: optional(FLOAT, 1) };
const HARDTANH = new Signature('Hardtanh', {
  ...VALUES,
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
export class Hardtanh extends activation<
  [min_val: number, max_val: number, inplace: boolean],
  'min_val' | 'max_val'
>('Hardtanh', F.hardtanh, VALUES) {
  static override readonly signature: readonly SignatureParameter[] = HARDTANH.description;

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
    if (min_value !== null) warn(renamed('min_val'), 'FutureWarning');
    if (max_value !== null) warn(renamed('max_val'), 'FutureWarning');
    super(min_value ?? min_val, max_value ?? max_val, inplace);
    if (this.max_val > this.min_val) return;
    if (Number.isNaN(this.max_val) || Number.isNaN(this.min_val)) return;
    throw assertionError(
      `max_val (${floatRepr(this.max_val)}) must be greater than min_val (${floatRepr(this.min_val)})`,
    );
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
    return this.inplace ? 'inplace=True' : '';
  }
}

/**
 * Computes `x` if it is above the threshold, else `value`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
 */
export class Threshold extends activation<
  Positional<[threshold: number, value: number], [inplace: 'inplace'], F.InplaceOption>,
  'threshold' | 'value'
>('Threshold', F.threshold, { threshold: required(FLOAT), value: required(FLOAT) }) {}

const LAMBD = { lambd: optional(FLOAT, 0.5) };

/** The base of activations that are 0 near 0. */
abstract class Shrink extends attributes<typeof LAMBD>() {
  /** @internal */
  declare readonly _compute: (input: Tensor, lambd: number) => Tensor;

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
