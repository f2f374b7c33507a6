/** Padding layers. Source: torch/nn/modules/padding.py. */
import { FLOAT, required, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import { type PadMode, pad } from '../functional/padding';
import { type Dims, repeated, SIZE, type Size, sizeRepr } from '../sizes';
import { checkDims } from './checks';
import { type LayerClass, layer } from './layer';
import { Module } from './module';

/** The number of elements on all sides, or of each side: before and after the last dimension, the one before it, … */
type Arguments = [padding: Size] | [options: { padding: Size }];

const PADDING = { padding: required(SIZE) };

// All have the same shapes: input (N, C, *) or (C, *); output as input, with each padded dimension larger.

/** The base of all padding layers. */
abstract class PadNd extends Module<[input: Tensor], Tensor> {
  padding: readonly number[];
  /** @internal */
  declare readonly _dims: Dims;

  constructor({ padding }: { padding: Size }) {
    super();
    this.padding = repeated(padding, 2 * this._dims);
  }

  override extra_repr(): string {
    return sizeRepr(this.padding);
  }
}

/** The base of layers whose padding is made of the input. */
abstract class Mirroring extends PadNd {
  /** @internal */
  declare readonly _mode: PadMode;

  /** @throws RangeError (ValueError) for circular padding of an input without the dimensions of the layer */
  override forward(input: Tensor): Tensor {
    if (this._mode === 'circular') checkDims(this, input, this._dims + 1, this._dims + 2);
    return pad(input, this.padding, this._mode);
  }
}

type MirroringClass = LayerClass<Arguments, Mirroring>;

const circular = (_dims: Dims): MirroringClass =>
  layer(Mirroring, `CircularPad${_dims}d`, PADDING, { _dims, _mode: 'circular' });

const reflection = (_dims: Dims): MirroringClass =>
  layer(Mirroring, `ReflectionPad${_dims}d`, PADDING, { _dims, _mode: 'reflect' });

const replication = (_dims: Dims): MirroringClass =>
  layer(Mirroring, `ReplicationPad${_dims}d`, PADDING, { _dims, _mode: 'replicate' });

/**
 * Pads signals with their other side.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
 */
export class CircularPad1d extends circular(1) {}

/**
 * Pads images with their other side.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
 */
export class CircularPad2d extends circular(2) {}

/**
 * Pads volumes with their other side.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
 */
export class CircularPad3d extends circular(3) {}

/**
 * Pads signals with their mirror image, without the border itself.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
 */
export class ReflectionPad1d extends reflection(1) {}

/**
 * Pads images with their mirror image, without the border itself.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
 */
export class ReflectionPad2d extends reflection(2) {}

/**
 * Pads volumes with their mirror image, without the border itself.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
 */
export class ReflectionPad3d extends reflection(3) {}

/**
 * Pads signals with their border.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
 */
export class ReplicationPad1d extends replication(1) {}

/**
 * Pads images with their border.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
 */
export class ReplicationPad2d extends replication(2) {}

/**
 * Pads volumes with their border.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
 */
export class ReplicationPad3d extends replication(3) {}

/** The base of layers whose padding is a constant. */
abstract class Constant extends PadNd {
  value: number;

  constructor(values: { padding: Size; value: number }) {
    super(values);
    this.value = values.value;
  }

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, 'constant', this.value);
  }

  override extra_repr(): string {
    return `padding=${sizeRepr(this.padding)}, value=${floatRepr(this.value)}`;
  }
}

type ConstantArguments =
  | [padding: Size, value: number]
  | [padding: Size, options: { value: number }]
  | [options: { padding: Size; value: number }];

const constant = (_dims: Dims): LayerClass<ConstantArguments, Constant> =>
  layer(Constant, `ConstantPad${_dims}d`, { ...PADDING, value: required(FLOAT) }, { _dims });

/**
 * Pads signals with a constant.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
 */
export class ConstantPad1d extends constant(1) {}

/**
 * Pads images with a constant.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
 */
export class ConstantPad2d extends constant(2) {}

/**
 * Pads volumes with a constant.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
 */
export class ConstantPad3d extends constant(3) {}

function zero(
  Base: LayerClass<ConstantArguments, Constant>,
  dims: Dims,
): LayerClass<Arguments, Constant> {
  const signature = new Signature(`ZeroPad${dims}d`, PADDING);

  return class extends Base {
    static override readonly signature = signature.description;

    constructor(...args: Arguments) {
      super(signature.read(args).padding, 0);
    }

    override extra_repr(): string {
      return sizeRepr(this.padding);
    }
  };
}

/**
 * Pads signals with zeros.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
 */
export class ZeroPad1d extends zero(ConstantPad1d, 1) {}

/**
 * Pads images with zeros.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
 */
export class ZeroPad2d extends zero(ConstantPad2d, 2) {}

/**
 * Pads volumes with zeros.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
 */
export class ZeroPad3d extends zero(ConstantPad3d, 3) {}
