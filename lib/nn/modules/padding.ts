/** Padding layers. Source: torch/nn/modules/padding.py. */
import { FLOAT, required, Signature, type SignatureParameter } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import { type PadMode, pad } from '../functional/padding';
import { repeated, SIZE, type Size, sizeRepr } from '../sizes';
import { checkDims } from './checks';
import { Module } from './module';

/** The number of elements on all sides, or of each side: before and after the last dimension, the one before it, … */
type Arguments = [padding: Size] | [options: { padding: Size }];

const PADDING = { padding: required(SIZE) };
const CONSTANT = { ...PADDING, value: required(FLOAT) };

// All have the same shapes: input (N, C, *) or (C, *); output as input, with each padded dimension larger.

/** The base of all padding layers. */
abstract class PadNd extends Module<[input: Tensor], Tensor> {
  padding: readonly number[];

  constructor(padding: Size, sides: number) {
    super();
    this.padding = repeated(padding, sides);
  }

  override extra_repr(): string {
    return sizeRepr(this.padding);
  }
}

/** The base of layers whose padding is made of the input. */
abstract class Mirroring extends PadNd {
  constructor(signature: Signature<typeof PADDING>, sides: number, args: readonly unknown[]) {
    super(signature.read(args).padding, sides);
  }

  /** @internal */
  abstract _mode(): PadMode;

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, this._mode());
  }
}

// --- from the other side --------------------------------------------------------------------------------------------

/** The base of layers whose padding is the other side. */
abstract class CircularPad extends Mirroring {
  override _mode(): PadMode {
    return 'circular';
  }

  /** @throws RangeError (ValueError) for an input without the dimensions of the layer */
  override forward(input: Tensor): Tensor {
    const least = this.padding.length / 2 + 1;
    checkDims(this, input, least, least + 1);
    return super.forward(input);
  }
}

const CIRCULAR_PAD1D = new Signature('CircularPad1d', PADDING);

/**
 * Pads signals with their other side.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
 */
export class CircularPad1d extends CircularPad {
  static readonly signature = CIRCULAR_PAD1D.description;

  constructor(...args: Arguments) {
    super(CIRCULAR_PAD1D, 2, args);
  }
}

const CIRCULAR_PAD2D = new Signature('CircularPad2d', PADDING);

/**
 * Pads images with their other side.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
 */
export class CircularPad2d extends CircularPad {
  static readonly signature = CIRCULAR_PAD2D.description;

  constructor(...args: Arguments) {
    super(CIRCULAR_PAD2D, 4, args);
  }
}

const CIRCULAR_PAD3D = new Signature('CircularPad3d', PADDING);

/**
 * Pads volumes with their other side.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
 */
export class CircularPad3d extends CircularPad {
  static readonly signature = CIRCULAR_PAD3D.description;

  constructor(...args: Arguments) {
    super(CIRCULAR_PAD3D, 6, args);
  }
}

// --- from the border ------------------------------------------------------------------------------------------------

/** The base of layers whose padding is the mirror image. */
abstract class ReflectionPad extends Mirroring {
  override _mode(): PadMode {
    return 'reflect';
  }
}

/** The base of layers whose padding is the border. */
abstract class ReplicationPad extends Mirroring {
  override _mode(): PadMode {
    return 'replicate';
  }
}

const REFLECTION_PAD1D = new Signature('ReflectionPad1d', PADDING);

/**
 * Pads signals with their mirror image, without the border itself.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
 */
export class ReflectionPad1d extends ReflectionPad {
  static readonly signature = REFLECTION_PAD1D.description;

  constructor(...args: Arguments) {
    super(REFLECTION_PAD1D, 2, args);
  }
}

const REFLECTION_PAD2D = new Signature('ReflectionPad2d', PADDING);

/**
 * Pads images with their mirror image, without the border itself.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
 */
export class ReflectionPad2d extends ReflectionPad {
  static readonly signature = REFLECTION_PAD2D.description;

  constructor(...args: Arguments) {
    super(REFLECTION_PAD2D, 4, args);
  }
}

const REFLECTION_PAD3D = new Signature('ReflectionPad3d', PADDING);

/**
 * Pads volumes with their mirror image, without the border itself.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
 */
export class ReflectionPad3d extends ReflectionPad {
  static readonly signature = REFLECTION_PAD3D.description;

  constructor(...args: Arguments) {
    super(REFLECTION_PAD3D, 6, args);
  }
}

const REPLICATION_PAD1D = new Signature('ReplicationPad1d', PADDING);

/**
 * Pads signals with their border.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
 */
export class ReplicationPad1d extends ReplicationPad {
  static readonly signature = REPLICATION_PAD1D.description;

  constructor(...args: Arguments) {
    super(REPLICATION_PAD1D, 2, args);
  }
}

const REPLICATION_PAD2D = new Signature('ReplicationPad2d', PADDING);

/**
 * Pads images with their border.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
 */
export class ReplicationPad2d extends ReplicationPad {
  static readonly signature = REPLICATION_PAD2D.description;

  constructor(...args: Arguments) {
    super(REPLICATION_PAD2D, 4, args);
  }
}

const REPLICATION_PAD3D = new Signature('ReplicationPad3d', PADDING);

/**
 * Pads volumes with their border.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
 */
export class ReplicationPad3d extends ReplicationPad {
  static readonly signature = REPLICATION_PAD3D.description;

  constructor(...args: Arguments) {
    super(REPLICATION_PAD3D, 6, args);
  }
}

// --- constants ------------------------------------------------------------------------------------------------------

/** The base of layers whose padding is a constant. */
abstract class Constant extends PadNd {
  value: number;

  constructor(padding: Size, value: number, sides: number) {
    super(padding, sides);
    this.value = value;
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

const CONSTANT_PAD1D = new Signature('ConstantPad1d', CONSTANT);

/**
 * Pads signals with a constant.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
 */
export class ConstantPad1d extends Constant {
  static readonly signature: readonly SignatureParameter[] = CONSTANT_PAD1D.description;

  constructor(...args: ConstantArguments) {
    const { padding, value } = CONSTANT_PAD1D.read(args);
    super(padding, value, 2);
  }
}

const CONSTANT_PAD2D = new Signature('ConstantPad2d', CONSTANT);

/**
 * Pads images with a constant.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
 */
export class ConstantPad2d extends Constant {
  static readonly signature: readonly SignatureParameter[] = CONSTANT_PAD2D.description;

  constructor(...args: ConstantArguments) {
    const { padding, value } = CONSTANT_PAD2D.read(args);
    super(padding, value, 4);
  }
}

const CONSTANT_PAD3D = new Signature('ConstantPad3d', CONSTANT);

/**
 * Pads volumes with a constant.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
 */
export class ConstantPad3d extends Constant {
  static readonly signature: readonly SignatureParameter[] = CONSTANT_PAD3D.description;

  constructor(...args: ConstantArguments) {
    const { padding, value } = CONSTANT_PAD3D.read(args);
    super(padding, value, 6);
  }
}

const ZERO_PAD1D = new Signature('ZeroPad1d', PADDING);

/**
 * Pads signals with zeros.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
 */
export class ZeroPad1d extends ConstantPad1d {
  static override readonly signature = ZERO_PAD1D.description;

  constructor(...args: Arguments) {
    super(ZERO_PAD1D.read(args).padding, 0);
  }

  override extra_repr(): string {
    return sizeRepr(this.padding);
  }
}

const ZERO_PAD2D = new Signature('ZeroPad2d', PADDING);

/**
 * Pads images with zeros.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
 */
export class ZeroPad2d extends ConstantPad2d {
  static override readonly signature = ZERO_PAD2D.description;

  constructor(...args: Arguments) {
    super(ZERO_PAD2D.read(args).padding, 0);
  }

  override extra_repr(): string {
    return sizeRepr(this.padding);
  }
}

const ZERO_PAD3D = new Signature('ZeroPad3d', PADDING);

/**
 * Pads volumes with zeros.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
 */
export class ZeroPad3d extends ConstantPad3d {
  static override readonly signature = ZERO_PAD3D.description;

  constructor(...args: Arguments) {
    super(ZERO_PAD3D.read(args).padding, 0);
  }

  override extra_repr(): string {
    return sizeRepr(this.padding);
  }
}
