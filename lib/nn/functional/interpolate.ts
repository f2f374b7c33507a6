/** Signals, images and volumes in another size. Source: torch/nn/functional.py. */
import { createError, notImplementedError, valueError } from '../../bindings/errors';
import {
  BOOL,
  define,
  NUMBER_OR_NUMBERS,
  nullable,
  optional,
  type Positional,
  required,
  STRING,
  TENSOR,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr, tupleRepr } from '../../utils/python';
import { op } from '../ops';
import { listText, repeated, SIZE, type Size } from '../sizes';
import { adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d } from './pooling';

/** A factor that holds for all dimensions, or one for each. */
export type Factor = number | readonly number[];

/** How elements between others are computed. */
export type InterpolationMode =
  | 'nearest'
  | 'nearest-exact'
  | 'linear'
  | 'bilinear'
  | 'bicubic'
  | 'trilinear'
  | 'lanczos'
  | 'area';

export interface ScalingOptions {
  /** The size of the result. Default: null; then `scale_factor` must be given. */
  size?: Size | null | undefined;
  /** The size of the result as a multiple of the input's. Default: null. */
  scale_factor?: Factor | null | undefined;
}

export interface UpsampleOptions extends ScalingOptions {
  /** Default: `'nearest'`. */
  mode?: InterpolationMode | undefined;
  /** Whether the corners of both images are the same points, in the modes with weights. Default: null, which is false. */
  align_corners?: boolean | null | undefined;
  /** Whether the factor is computed anew from the size of the result. Default: null, which is false. */
  recompute_scale_factor?: boolean | null | undefined;
}

export interface InterpolateOptions extends UpsampleOptions {
  /** Whether a smaller image is smoothed, in the modes bilinear, bicubic and lanczos. Default: false. */
  antialias?: boolean | undefined;
}

/** The parameters that the layer Upsample has, too. */
export const UPSAMPLE = {
  size: nullable(SIZE),
  scale_factor: nullable<Factor>(NUMBER_OR_NUMBERS),
  mode: optional<string>(STRING, 'nearest'),
  align_corners: nullable(BOOL),
  recompute_scale_factor: nullable(BOOL),
};

const INTERPOLATE = { input: required(TENSOR), ...UPSAMPLE, antialias: optional(BOOL, false) };

type Interpolate = (
  ...args: Positional<
    [input: Tensor],
    [
      size: 'size',
      scale_factor: 'scale_factor',
      mode: 'mode',
      align_corners: 'align_corners',
      recompute_scale_factor: 'recompute_scale_factor',
      antialias: 'antialias',
    ],
    InterpolateOptions
  >
) => Tensor;

type Sizes = readonly number[] | null;
type Operation = (input: Tensor, size: Sizes, ...rest: unknown[]) => Tensor;

const resize = (name: string): Operation => op<Operation>(name, ['vec']);

/** The operators of the modes, by the number of the input's dimensions. */
const PLAIN: Readonly<Record<string, Readonly<Record<number, Operation>>>> = {
  nearest: {
    3: resize('upsample_nearest1d'),
    4: resize('upsample_nearest2d'),
    5: resize('upsample_nearest3d'),
  },
  'nearest-exact': {
    3: resize('_upsample_nearest_exact1d'),
    4: resize('_upsample_nearest_exact2d'),
    5: resize('_upsample_nearest_exact3d'),
  },
  area: { 3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d } as never,
};

const WEIGHTED: typeof PLAIN = {
  linear: { 3: resize('upsample_linear1d') },
  bilinear: { 4: resize('upsample_bilinear2d') },
  bicubic: { 4: resize('upsample_bicubic2d') },
  trilinear: { 5: resize('upsample_trilinear3d') },
};

const SMOOTHED: Readonly<Record<string, Operation>> = {
  bilinear: resize('_upsample_bilinear2d_aa'),
  bicubic: resize('_upsample_bicubic2d_aa'),
  lanczos: resize('_upsample_lanczos2d_aa'),
};

/** The dimensions that the error names for a mode with others. */
const NEEDED: Readonly<Record<string, number>> = { linear: 3, bilinear: 4, trilinear: 5 };

/**
 * Returns signals, images or volumes in another size.
 *
 * Shapes: input (N, C, L), (N, C, H, W) or (N, C, D, H, W); output the same with other sizes.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 *
 * @throws RangeError (ValueError) unless either `size` or `scale_factor` is given; TorchError (NotImplementedError) for a
 *   mode that the input's dimensions do not have
 */
export const interpolate = define<Interpolate, typeof INTERPOLATE>(
  'interpolate',
  INTERPOLATE,
  ({ input, mode, align_corners, antialias, ...scaling }) => {
    const isPlain = Object.hasOwn(PLAIN, mode);
    if (isPlain && align_corners !== null) {
      throw valueError(
        'align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear',
      );
    }
    const { ndim } = input;
    const [size, factors] = sizes(input, scaling, mode === 'area');
    if (antialias && !(Object.hasOwn(SMOOTHED, mode) && ndim === 4)) {
      throw valueError(
        'Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input',
      );
    }
    const own = isPlain ? PLAIN[mode]![ndim] : undefined;
    if (own) return mode === 'area' ? own(input, size) : own(input, size, factors);
    if (mode === 'lanczos' && ndim === 4) {
      if (align_corners) throw valueError('Lanczos mode does not support align_corners=True');
      if (!antialias) throw valueError('Lanczos mode requires antialias=True');
    }
    const compute = antialias
      ? SMOOTHED[mode]
      : Object.hasOwn(WEIGHTED, mode) && WEIGHTED[mode]![ndim];
    if (compute) return compute(input, size, align_corners ?? false, factors);
    throw notImplementedError(noMode(mode, ndim));
  },
);

/** Returns the size of the result, or else the factor of each dimension. */
function sizes(
  input: Tensor,
  {
    size,
    scale_factor,
    recompute_scale_factor,
  }: { size: Size | null; scale_factor: Factor | null; recompute_scale_factor: boolean | null },
  needsSize: boolean,
): [size: Sizes, factors: Sizes] {
  const spatial = input.shape.slice(2);
  if (size !== null && scale_factor !== null) {
    throw valueError('only one of size or scale_factor should be defined');
  }
  if (size !== null) {
    if (typeof size !== 'number' && size.length !== spatial.length) {
      throw valueError(
        'Input and output must have the same number of spatial dimensions, but got ' +
          `input with spatial dimensions of ${listText(spatial)} and output size of ${tupleRepr(size)}. ` +
          'Please provide input tensor in (N, C, d1, d2, ...,dK) format and ' +
          'output size in (o1, o2, ...,oK) format.',
      );
    }
    if (recompute_scale_factor) {
      throw valueError('recompute_scale_factor is not meaningful with an explicit size.');
    }
    return [repeated(size, spatial.length), null];
  }
  if (scale_factor === null) throw valueError('either size or scale_factor should be defined');
  if (typeof scale_factor !== 'number' && scale_factor.length !== spatial.length) {
    throw valueError(
      'Input and scale_factor must have the same number of spatial dimensions, but ' +
        `got input with spatial dimensions of ${listText(spatial)} and ` +
        `scale_factor of shape ${factorRepr(scale_factor)}. ` +
        'Please provide input tensor in (N, C, d1, d2, ...,dK) format and ' +
        'scale_factor in (s1, s2, ...,sK) format.',
    );
  }
  const factors = repeated(scale_factor, spatial.length);
  if (!recompute_scale_factor && !needsSize) return [null, factors];
  return [spatial.map((each, dim) => toInt(each * factors[dim]!)), null];
}

/** Python's `int` of a float. */
function toInt(value: number): number {
  if (Number.isNaN(value)) throw valueError('cannot convert float NaN to integer');
  if (Number.isFinite(value)) return Math.trunc(value);
  throw createError('OverflowError', 'cannot convert float infinity to integer');
}

/** Returns Python's `repr` of a factor: `2.0`, `(2.0, 1.5)`. */
export function factorRepr(factor: Factor): string {
  if (typeof factor === 'number') return floatRepr(factor);
  return `(${factor.map(floatRepr).join(', ')}${factor.length === 1 ? ',' : ''})`;
}

function noMode(mode: string, ndim: number): string {
  const needed = NEEDED[mode];
  if (needed !== undefined && ndim >= 3 && ndim <= 5) {
    return `Got ${ndim}D input, but ${mode} mode needs ${needed}D input`;
  }
  return (
    `Input Error: Only 3D, 4D and 5D input Tensors supported (got ${ndim}D) for the modes: nearest | linear | ` +
    `bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got ${mode})`
  );
}
