/** Limits of dtypes: `torch.finfo` and `torch.iinfo`. Source: torch/csrc/TypeInfo.cpp. */
import { inspect } from 'node:util';
import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { DTYPE, optional, required, Signature } from '../dispatch/signature';
import { get_default_dtype } from './default_dtype';
import * as named from './dtype';
import { type DType, dtypes } from './dtype_table';

/** The limits of a floating-point dtype. */
export class FInfo {
  /** The bits of a number. For a complex dtype, the bits of one part. */
  readonly bits: number;
  /** The difference between 1 and the next larger number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive number that is not subnormal. */
  readonly smallest_normal: number;
  /** The same as `smallest_normal`. */
  readonly tiny: number;
  /** The approximate decimal resolution, `10 ** -digits`. */
  readonly resolution: number;
  /** The dtype's name. For a complex dtype, the name of the parts' dtype. */
  readonly dtype: string;

  /** @internal */
  constructor({ name, itemsize }: DType, [digits, max, min, eps, smallest]: Float) {
    this.bits = 8 * itemsize;
    this.eps = eps;
    this.max = max;
    this.min = min;
    this.smallest_normal = smallest;
    this.tiny = smallest;
    this.resolution = Number(`1e-${digits}`);
    this.dtype = name;
    Object.freeze(this);
  }

  toString(): string {
    const { resolution, min, max, eps, smallest_normal, tiny } = this;
    const numbers = Object.entries({ resolution, min, max, eps, smallest_normal, tiny });
    const parts = numbers.map(([name, value]) => `${name}=${native.general_format(value)}`);
    return `finfo(${parts.join(', ')}, dtype=${this.dtype})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

type Float = readonly [digits: number, max: number, min: number, eps: number, smallest: number];

/** Describes a format whose range is symmetric about zero. */
const symmetric = (digits: number, max: number, eps: number, smallest: number): Float => [
  digits,
  max,
  -max,
  eps,
  smallest,
];

const FLOATS: readonly (readonly [DType, Float])[] = [
  [named.float16, symmetric(3, 65504, 2 ** -10, 2 ** -14)],
  [named.bfloat16, symmetric(2, (2 - 2 ** -7) * 2 ** 127, 2 ** -7, 2 ** -126)],
  [named.float32, symmetric(6, (2 - 2 ** -23) * 2 ** 127, 2 ** -23, 2 ** -126)],
  [named.float64, symmetric(15, Number.MAX_VALUE, 2 ** -52, 2 ** -1022)],
  [named.float8_e4m3fn, symmetric(0, 448, 2 ** -3, 2 ** -6)],
  [named.float8_e5m2, symmetric(0, 57344, 2 ** -2, 2 ** -14)],
  [named.float8_e4m3fnuz, symmetric(0, 240, 2 ** -3, 2 ** -7)],
  [named.float8_e5m2fnuz, symmetric(0, 57344, 2 ** -3, 2 ** -15)],
  [named.float8_e8m0fnu, [0, 2 ** 127, 2 ** -127, 1, 2 ** -127]],
];

const finfos = new Map(FLOATS.map(([dtype, float]) => [dtype, new FInfo(dtype, float)]));
for (const [complex, part] of [
  [named.complex32, named.float16],
  [named.complex64, named.float32],
  [named.complex128, named.float64],
] as const) {
  finfos.set(complex, finfos.get(part)!);
}

const FINFO = new Signature('finfo', { type: optional<DType | undefined>(DTYPE, undefined) });

/**
 * Returns the largest and smallest numbers of a floating-point dtype, and its precision.
 *
 * See https://docs.pytorch.org/docs/stable/type_info.html#torch.torch.finfo
 *
 * @param type - default: the default dtype. For a complex dtype, the dtype of its parts is described
 */
export function finfo(type?: DType): FInfo {
  const dtype = FINFO.read([type]).type ?? get_default_dtype();
  const info = finfos.get(dtype);
  if (info) return info;
  throw typeError(
    "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'",
  );
}

/** The limits of an integer dtype. */
export class IInfo {
  readonly bits: number;
  /** The largest value. A bigint for dtypes of 64 bits. */
  readonly max: number | bigint;
  readonly min: number | bigint;
  /** The dtype's name. */
  readonly dtype: string;

  /** @internal */
  constructor({ name, itemsize, is_signed }: DType) {
    this.bits = 8 * itemsize;
    const values = 2n ** BigInt(this.bits);
    const min = is_signed ? -values / 2n : 0n;
    const isWide = itemsize === 8;
    this.min = isWide ? min : Number(min);
    this.max = isWide ? min + values - 1n : Number(min + values - 1n);
    this.dtype = name;
    Object.freeze(this);
  }

  toString(): string {
    const [min, max] = [this.min, this.max].map((value) => native.general_format(Number(value)));
    return `iinfo(min=${min}, max=${max}, dtype=${this.dtype})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const integers = [...dtypes.values()].filter(
  (dtype) => !dtype.is_floating_point && !dtype.is_complex && dtype !== named.bool,
);
const iinfos = new Map(integers.map((dtype) => [dtype, new IInfo(dtype)]));
const IINFO = new Signature('iinfo', { type: required(DTYPE) });

/**
 * Returns the largest and the smallest number of an integer dtype.
 *
 * See https://docs.pytorch.org/docs/stable/type_info.html#torch.torch.iinfo
 */
export function iinfo(type: DType): IInfo {
  const dtype = IINFO.read([type]).type;
  const info = iinfos.get(dtype);
  if (info) return info;
  if (dtype === named.bool) throw typeError('torch.bool is not supported by torch.iinfo');
  throw typeError(
    "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'",
  );
}
