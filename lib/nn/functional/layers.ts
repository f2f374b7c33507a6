/** Functions of layers that are loaded on first use. */
import { namesOnFirstUse } from '../../utils/on_first_use';
import type * as conv from './conv';
import type * as normalization from './normalization';
import type * as padding from './padding';
import type * as pooling from './pooling';
import type * as vision from './vision';

export type { ConvolutionOptions, NamedPadding, TransposedConvolutionOptions } from './conv';
export type {
  AffineOptions,
  BatchNormOptions,
  InstanceNormOptions,
  LocalResponseNormOptions,
  RMSNormOptions,
} from './normalization';
export type { PadMode, PadOptions } from './padding';
export type {
  AvgPool1dOptions,
  AvgPoolOptions,
  FractionalMaxPoolOptions,
  IndicesOption,
  LPPoolOptions,
  MaxPoolOptions,
  MaxUnpoolOptions,
  Ratio,
  WithIndices,
} from './pooling';

export declare const conv1d: typeof conv.conv1d;
export declare const conv2d: typeof conv.conv2d;
export declare const conv3d: typeof conv.conv3d;
export declare const conv_transpose1d: typeof conv.conv_transpose1d;
export declare const conv_transpose2d: typeof conv.conv_transpose2d;
export declare const conv_transpose3d: typeof conv.conv_transpose3d;
export declare const batch_norm: typeof normalization.batch_norm;
export declare const group_norm: typeof normalization.group_norm;
export declare const instance_norm: typeof normalization.instance_norm;
export declare const layer_norm: typeof normalization.layer_norm;
export declare const local_response_norm: typeof normalization.local_response_norm;
export declare const rms_norm: typeof normalization.rms_norm;
export declare const pad: typeof padding.pad;
export declare const adaptive_avg_pool1d: typeof pooling.adaptive_avg_pool1d;
export declare const adaptive_avg_pool2d: typeof pooling.adaptive_avg_pool2d;
export declare const adaptive_avg_pool3d: typeof pooling.adaptive_avg_pool3d;
export declare const adaptive_max_pool1d: typeof pooling.adaptive_max_pool1d;
export declare const adaptive_max_pool2d: typeof pooling.adaptive_max_pool2d;
export declare const adaptive_max_pool3d: typeof pooling.adaptive_max_pool3d;
export declare const avg_pool1d: typeof pooling.avg_pool1d;
export declare const avg_pool2d: typeof pooling.avg_pool2d;
export declare const avg_pool3d: typeof pooling.avg_pool3d;
export declare const fractional_max_pool2d: typeof pooling.fractional_max_pool2d;
export declare const fractional_max_pool3d: typeof pooling.fractional_max_pool3d;
export declare const lp_pool1d: typeof pooling.lp_pool1d;
export declare const lp_pool2d: typeof pooling.lp_pool2d;
export declare const lp_pool3d: typeof pooling.lp_pool3d;
export declare const max_pool1d: typeof pooling.max_pool1d;
export declare const max_pool2d: typeof pooling.max_pool2d;
export declare const max_pool3d: typeof pooling.max_pool3d;
export declare const max_unpool1d: typeof pooling.max_unpool1d;
export declare const max_unpool2d: typeof pooling.max_unpool2d;
export declare const max_unpool3d: typeof pooling.max_unpool3d;
export declare const channel_shuffle: typeof vision.channel_shuffle;
export declare const pixel_shuffle: typeof vision.pixel_shuffle;
export declare const pixel_unshuffle: typeof vision.pixel_unshuffle;

namesOnFirstUse(exports, [
  [
    () => require('./conv'),
    'conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d',
  ],
  [
    () => require('./normalization'),
    'batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm',
  ],
  [() => require('./padding'), 'pad'],
  [
    () => require('./pooling'),
    'adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d fractional_max_pool2d fractional_max_pool3d lp_pool1d lp_pool2d lp_pool3d max_pool1d max_pool2d max_pool3d max_unpool1d max_unpool2d max_unpool3d',
  ],
  [() => require('./vision'), 'channel_shuffle pixel_shuffle pixel_unshuffle'],
]);
