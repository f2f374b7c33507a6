/** Layers that are loaded on first use. */
import { namesOnFirstUse } from '../../utils/on_first_use';
import type * as batchnorm from './batchnorm';
import type * as channelshuffle from './channelshuffle';
import type * as conv from './conv/plain';
import type * as transposed from './conv/transposed';
import type * as instancenorm from './instancenorm';
import type * as normalization from './normalization';
import type * as padding from './padding';
import type * as pixelshuffle from './pixelshuffle';
import type * as adaptive from './pooling/adaptive';
import type * as average from './pooling/average';
import type * as fractional from './pooling/fractional';
import type * as maximum from './pooling/maximum';
import type * as unpooling from './pooling/unpooling';

export type { NormOptions } from './batchnorm';
export type { PaddingMode } from './conv/base';
export type { ConvOptions } from './conv/plain';
export type { ConvTransposeOptions } from './conv/transposed';
export type { GroupNormOptions, LayerNormOptions, RMSNormModuleOptions } from './normalization';

export declare const AdaptiveAvgPool1d: typeof adaptive.AdaptiveAvgPool1d;
export type AdaptiveAvgPool1d = adaptive.AdaptiveAvgPool1d;
export declare const AdaptiveAvgPool2d: typeof adaptive.AdaptiveAvgPool2d;
export type AdaptiveAvgPool2d = adaptive.AdaptiveAvgPool2d;
export declare const AdaptiveAvgPool3d: typeof adaptive.AdaptiveAvgPool3d;
export type AdaptiveAvgPool3d = adaptive.AdaptiveAvgPool3d;
export declare const AdaptiveMaxPool1d: typeof adaptive.AdaptiveMaxPool1d;
export type AdaptiveMaxPool1d<Indices extends boolean = false> =
  adaptive.AdaptiveMaxPool1d<Indices>;
export declare const AdaptiveMaxPool2d: typeof adaptive.AdaptiveMaxPool2d;
export type AdaptiveMaxPool2d<Indices extends boolean = false> =
  adaptive.AdaptiveMaxPool2d<Indices>;
export declare const AdaptiveMaxPool3d: typeof adaptive.AdaptiveMaxPool3d;
export type AdaptiveMaxPool3d<Indices extends boolean = false> =
  adaptive.AdaptiveMaxPool3d<Indices>;
export declare const AvgPool1d: typeof average.AvgPool1d;
export type AvgPool1d = average.AvgPool1d;
export declare const AvgPool2d: typeof average.AvgPool2d;
export type AvgPool2d = average.AvgPool2d;
export declare const AvgPool3d: typeof average.AvgPool3d;
export type AvgPool3d = average.AvgPool3d;
export declare const LPPool1d: typeof average.LPPool1d;
export type LPPool1d = average.LPPool1d;
export declare const LPPool2d: typeof average.LPPool2d;
export type LPPool2d = average.LPPool2d;
export declare const LPPool3d: typeof average.LPPool3d;
export type LPPool3d = average.LPPool3d;
export declare const BatchNorm1d: typeof batchnorm.BatchNorm1d;
export type BatchNorm1d = batchnorm.BatchNorm1d;
export declare const BatchNorm2d: typeof batchnorm.BatchNorm2d;
export type BatchNorm2d = batchnorm.BatchNorm2d;
export declare const BatchNorm3d: typeof batchnorm.BatchNorm3d;
export type BatchNorm3d = batchnorm.BatchNorm3d;
export declare const ChannelShuffle: typeof channelshuffle.ChannelShuffle;
export type ChannelShuffle = channelshuffle.ChannelShuffle;
export declare const Conv1d: typeof conv.Conv1d;
export type Conv1d = conv.Conv1d;
export declare const Conv2d: typeof conv.Conv2d;
export type Conv2d = conv.Conv2d;
export declare const Conv3d: typeof conv.Conv3d;
export type Conv3d = conv.Conv3d;
export declare const ConvTranspose1d: typeof transposed.ConvTranspose1d;
export type ConvTranspose1d = transposed.ConvTranspose1d;
export declare const ConvTranspose2d: typeof transposed.ConvTranspose2d;
export type ConvTranspose2d = transposed.ConvTranspose2d;
export declare const ConvTranspose3d: typeof transposed.ConvTranspose3d;
export type ConvTranspose3d = transposed.ConvTranspose3d;
export declare const FractionalMaxPool2d: typeof fractional.FractionalMaxPool2d;
export type FractionalMaxPool2d<Indices extends boolean = false> =
  fractional.FractionalMaxPool2d<Indices>;
export declare const FractionalMaxPool3d: typeof fractional.FractionalMaxPool3d;
export type FractionalMaxPool3d<Indices extends boolean = false> =
  fractional.FractionalMaxPool3d<Indices>;
export declare const InstanceNorm1d: typeof instancenorm.InstanceNorm1d;
export type InstanceNorm1d = instancenorm.InstanceNorm1d;
export declare const InstanceNorm2d: typeof instancenorm.InstanceNorm2d;
export type InstanceNorm2d = instancenorm.InstanceNorm2d;
export declare const InstanceNorm3d: typeof instancenorm.InstanceNorm3d;
export type InstanceNorm3d = instancenorm.InstanceNorm3d;
export declare const MaxPool1d: typeof maximum.MaxPool1d;
export type MaxPool1d<Indices extends boolean = false> = maximum.MaxPool1d<Indices>;
export declare const MaxPool2d: typeof maximum.MaxPool2d;
export type MaxPool2d<Indices extends boolean = false> = maximum.MaxPool2d<Indices>;
export declare const MaxPool3d: typeof maximum.MaxPool3d;
export type MaxPool3d<Indices extends boolean = false> = maximum.MaxPool3d<Indices>;
export declare const GroupNorm: typeof normalization.GroupNorm;
export type GroupNorm = normalization.GroupNorm;
export declare const LayerNorm: typeof normalization.LayerNorm;
export type LayerNorm = normalization.LayerNorm;
export declare const LocalResponseNorm: typeof normalization.LocalResponseNorm;
export type LocalResponseNorm = normalization.LocalResponseNorm;
export declare const RMSNorm: typeof normalization.RMSNorm;
export type RMSNorm = normalization.RMSNorm;
export declare const CircularPad1d: typeof padding.CircularPad1d;
export type CircularPad1d = padding.CircularPad1d;
export declare const CircularPad2d: typeof padding.CircularPad2d;
export type CircularPad2d = padding.CircularPad2d;
export declare const CircularPad3d: typeof padding.CircularPad3d;
export type CircularPad3d = padding.CircularPad3d;
export declare const ConstantPad1d: typeof padding.ConstantPad1d;
export type ConstantPad1d = padding.ConstantPad1d;
export declare const ConstantPad2d: typeof padding.ConstantPad2d;
export type ConstantPad2d = padding.ConstantPad2d;
export declare const ConstantPad3d: typeof padding.ConstantPad3d;
export type ConstantPad3d = padding.ConstantPad3d;
export declare const ReflectionPad1d: typeof padding.ReflectionPad1d;
export type ReflectionPad1d = padding.ReflectionPad1d;
export declare const ReflectionPad2d: typeof padding.ReflectionPad2d;
export type ReflectionPad2d = padding.ReflectionPad2d;
export declare const ReflectionPad3d: typeof padding.ReflectionPad3d;
export type ReflectionPad3d = padding.ReflectionPad3d;
export declare const ReplicationPad1d: typeof padding.ReplicationPad1d;
export type ReplicationPad1d = padding.ReplicationPad1d;
export declare const ReplicationPad2d: typeof padding.ReplicationPad2d;
export type ReplicationPad2d = padding.ReplicationPad2d;
export declare const ReplicationPad3d: typeof padding.ReplicationPad3d;
export type ReplicationPad3d = padding.ReplicationPad3d;
export declare const ZeroPad1d: typeof padding.ZeroPad1d;
export type ZeroPad1d = padding.ZeroPad1d;
export declare const ZeroPad2d: typeof padding.ZeroPad2d;
export type ZeroPad2d = padding.ZeroPad2d;
export declare const ZeroPad3d: typeof padding.ZeroPad3d;
export type ZeroPad3d = padding.ZeroPad3d;
export declare const PixelShuffle: typeof pixelshuffle.PixelShuffle;
export type PixelShuffle = pixelshuffle.PixelShuffle;
export declare const PixelUnshuffle: typeof pixelshuffle.PixelUnshuffle;
export type PixelUnshuffle = pixelshuffle.PixelUnshuffle;
export declare const MaxUnpool1d: typeof unpooling.MaxUnpool1d;
export type MaxUnpool1d = unpooling.MaxUnpool1d;
export declare const MaxUnpool2d: typeof unpooling.MaxUnpool2d;
export type MaxUnpool2d = unpooling.MaxUnpool2d;
export declare const MaxUnpool3d: typeof unpooling.MaxUnpool3d;
export type MaxUnpool3d = unpooling.MaxUnpool3d;

namesOnFirstUse(exports, [
  [
    () => require('./pooling/adaptive'),
    'AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d',
  ],
  [() => require('./pooling/average'), 'AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d LPPool3d'],
  [() => require('./batchnorm'), 'BatchNorm1d BatchNorm2d BatchNorm3d'],
  [() => require('./channelshuffle'), 'ChannelShuffle'],
  [() => require('./conv/plain'), 'Conv1d Conv2d Conv3d'],
  [() => require('./conv/transposed'), 'ConvTranspose1d ConvTranspose2d ConvTranspose3d'],
  [() => require('./pooling/fractional'), 'FractionalMaxPool2d FractionalMaxPool3d'],
  [() => require('./instancenorm'), 'InstanceNorm1d InstanceNorm2d InstanceNorm3d'],
  [() => require('./pooling/maximum'), 'MaxPool1d MaxPool2d MaxPool3d'],
  [() => require('./normalization'), 'GroupNorm LayerNorm LocalResponseNorm RMSNorm'],
  [
    () => require('./padding'),
    'CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d',
  ],
  [() => require('./pixelshuffle'), 'PixelShuffle PixelUnshuffle'],
  [() => require('./pooling/unpooling'), 'MaxUnpool1d MaxUnpool2d MaxUnpool3d'],
]);
