/**
 * Modules against Python with options that PyTorch's database of modules leaves out, and modules that it leaves out.
 *
 * Each row is Python: the arguments of the constructor, then those of the call. x makes random input, i indices.
 */
import { expect } from 'chai';
import torch, { nn, optim } from 'torch-losses';

import { expectSample } from '../../parity/parity';
import { compareRows } from '../cases';

const ROWS: Record<string, readonly string[]> = {
  Unfold: [
    'G(2), G(x(2, 3, 5, 6))',
    'G((2, 3), dilation=2, padding=(1, 0), stride=2), G(x(3, 5, 6))',
    'G((2, 3), 1, 0, (2, 1)), G(x(2, 3, 5, 6))',
    'G(2), G(x(5, 6))',
  ],
  Fold: [
    'G((4, 5), (2, 3)), G(x(2, 18, 9))',
    'G(output_size=4, kernel_size=2, dilation=1, padding=1, stride=(2, 1)), G(x(12, 15))',
    'G((4, 5), (2, 3)), G(x(2, 18, 8))',
  ],
  Upsample: [
    'G(scale_factor=2), G(x(2, 3, 5))',
    "G(scale_factor=(2, 1.5), mode='bilinear'), G(x(2, 3, 5, 6))",
    "G((3, 4), mode='bicubic', align_corners=True), G(x(2, 3, 5, 6))",
    "G(None, 1.3, 'trilinear', False, True), G(x(1, 2, 4, 5, 6))",
    "G(size=7, mode='linear'), G(x(2, 3, 5))",
    'G(7, scale_factor=0), G(x(2, 3, 5))',
    'G(7, 2), G(x(2, 3, 5))',
    'G(), G(x(2, 3, 5))',
    "G(7, mode='none'), G(x(2, 3, 5))",
  ],
  UpsamplingNearest2d: ['G(scale_factor=3), G(x(2, 3, 5, 6))', 'G((7, 8)), G(x(2, 3, 5, 6))'],
  UpsamplingBilinear2d: ['G(None, 2), G(x(2, 3, 5, 6))', 'G(7), G(x(2, 3, 5, 6))'],
  CrossMapLRN2d: [
    'G(3), G(x(2, 5, 4, 3))',
    'G(2, 0.5, 0.6, 2), G(x(2, 5, 4, 3))',
    'G(size=5, alpha=0.1), G(x(1, 3, 2, 2))',
    'G(1), G(x(2, 4, 3, 3))',
    'G(7), G(x(2, 4, 3, 3))',
    'G(3), G(x(5, 4, 3))',
  ],
  Conv1d: [
    "G(4, 6, 3, padding='same'), G(x(2, 4, 8))",
    "G(4, 6, 4, padding='same', dilation=2), G(x(4, 8))",
    "G(4, 6, 4, padding='valid', bias=False), G(x(2, 4, 8))",
    "G(4, 6, 3, stride=2, padding=2, groups=2, padding_mode='reflect'), G(x(2, 4, 8))",
    "G(4, 6, 3, padding=(1,), padding_mode='circular'), G(x(2, 4, 8))",
    "G(4, 6, 4, padding='same', padding_mode='replicate'), G(x(2, 4, 8))",
    'G(4, 6, 3, 2, 1, 2, 2, False), G(x(2, 4, 8))',
    "G(4, 6, 3, 2, padding='same'), None",
    'G(4, 6, 3, groups=3), None',
    'G(6, 4, 3, groups=3), None',
    'G(6, 4, 3, groups=0), None',
    'G(4, 6, 3), G(x(2, 5, 8))',
    'G(4, 6, 9), G(x(2, 4, 8))',
    'G(0, 6, 3), G(x(2, 0, 8))',
  ],
  Conv2d: [
    "G(4, 6, (3, 5), padding='same', dilation=(1, 2)), G(x(2, 4, 9, 9))",
    'G(4, 8, 3, stride=(2, 1), padding=(4, 2), dilation=(3, 1), groups=4), G(x(2, 4, 9, 9))',
    "G(4, 6, (3, 2), padding=(1, 2), padding_mode='reflect'), G(x(4, 9, 9))",
    "G(4, 6, (4, 2), padding='same', padding_mode='circular', bias=False), G(x(2, 4, 9, 9))",
    "G(4, 6, 3, padding='valid'), G(x(2, 4, 9, 9))",
    'G(4, 6, (3,)), G(x(2, 4, 9, 9))',
    'G(4, 6, 3), G(x(4, 9))',
    'G(4, 6, 3), G(i(5, 2, 4, 9, 9))',
    "G(4, 6, 3, padding=20, padding_mode='reflect'), G(x(2, 4, 9, 9))",
  ],
  Conv3d: [
    "G(2, 4, 2, padding='same', groups=2), G(x(1, 2, 4, 5, 6))",
    "G(2, 4, (1, 2, 3), padding=(0, 1, 2), padding_mode='replicate'), G(x(2, 4, 5, 6))",
    'G(2, 4, 2, (1, 2, 1), dilation=(2, 1, 1)), G(x(1, 2, 4, 5, 6))',
  ],
  ConvTranspose1d: [
    'G(4, 6, 3, stride=3, padding=1, output_padding=2, groups=2, dilation=3), G(x(2, 4, 8))',
    'G(4, 6, 3, stride=3), G(x(2, 4, 8), output_size=[26])',
    'G(4, 6, 3, stride=3), G(x(2, 4, 8), [2, 6, 25])',
    'G(4, 6, 3, stride=3), G(x(4, 8), output_size=[6, 24])',
    'G(4, 6, 3, stride=3), G(x(4, 8), output_size=[27])',
    'G(4, 6, 3, stride=3), G(x(4, 8), output_size=[1, 2, 3])',
    "G(4, 6, 3, padding_mode='reflect'), None",
    'G(4, 6, 3, output_padding=2), G(x(2, 4, 8))',
  ],
  ConvTranspose2d: [
    'G(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, False, (1, 2)), G(x(2, 4, 5, 5))',
    'G(4, 6, 3, stride=2, padding=1), G(x(2, 4, 5, 5), output_size=[10, 9])',
    'G(4, 6, 3, stride=2, padding=1), G(x(2, 4, 5, 5), [11, 9])',
  ],
  ConvTranspose3d: ['G(2, 4, 2, stride=2, output_padding=1), G(x(1, 2, 3, 3, 3))'],
  MaxPool1d: [
    'G(3, 2, 1, 1, True), G(x(2, 4, 9))',
    'G(3, stride=2, dilation=2, ceil_mode=True), G(x(4, 9))',
    'G((3,), padding=2), G(x(2, 4, 9))',
  ],
  MaxPool2d: [
    'G((3, 2), return_indices=True), G(x(2, 4, 9, 9))',
    'G(3, (2, 1), (1, 0), (1, 2), ceil_mode=True), G(x(4, 9, 9))',
    'G(3, stride=0), G(x(4, 9, 9))',
    'G((3, 2, 1)), G(x(4, 9, 9))',
  ],
  MaxPool3d: [
    'G((1, 2, 3), return_indices=True, ceil_mode=True), G(x(1, 2, 5, 5, 5))',
    'G(2, dilation=2), G(x(2, 5, 5, 5))',
  ],
  MaxUnpool1d: [
    'G(2), G(x(1, 2, 4), torch.tensor([[[0, 3, 4, 7], [1, 2, 5, 6]]]))',
    'G(2, 2), G(x(1, 2, 4), torch.tensor([[[0, 3, 4, 7], [1, 2, 5, 8]]]), output_size=[1, 2, 9])',
    'G(2, 2), G(x(2, 4), torch.tensor([[0, 3, 4, 7], [1, 2, 5, 8]]), [9])',
    'G(2, 2), G(x(2, 4), torch.tensor([[0, 3, 4, 7], [1, 2, 5, 8]]), [12])',
    'G(2, 2), G(x(2, 4), torch.tensor([[0, 3, 4, 7], [1, 2, 5, 8]]), [2, 9])',
    'G(2, 2, 9), G(x(2, 4), torch.tensor([[0, 3, 4, 7], [1, 2, 5, 8]]))',
  ],
  MaxUnpool2d: [
    'G(2), G(x(1, 1, 2, 2), torch.tensor([[[[5, 7], [13, 15]]]]))',
    'G(2, stride=2), G(x(1, 1, 2, 2), torch.tensor([[[[6, 8], [16, 18]]]]), output_size=[1, 1, 5, 5])',
    'G(2, 1, 0), G(x(1, 1, 2, 2), torch.tensor([[[[5, 7], [13, 70]]]]))',
  ],
  MaxUnpool3d: [
    'G(2), G(x(1, 1, 1, 2, 2), torch.tensor([[[[[5, 7], [13, 15]]]]]))',
    'G((1, 2, 2), (1, 2, 2)), G(x(1, 1, 2, 2), torch.tensor([[[[5, 7], [13, 15]]]]))',
  ],
  AvgPool1d: [
    'G(3, 2, 1, True, False), G(x(2, 4, 9))',
    'G((3,), ceil_mode=True), G(x(4, 8))',
    'G(3, padding=2), G(x(4, 8))',
  ],
  AvgPool2d: [
    'G((3, 2), (2, 1), (1, 0), True, False, 5), G(x(2, 4, 9, 9))',
    'G(3, divisor_override=0), G(x(2, 4, 9, 9))',
  ],
  AvgPool3d: ['G((1, 2, 3), padding=(0, 1, 1), count_include_pad=False), G(x(2, 4, 5, 5, 5))'],
  LPPool1d: [
    "G(float('inf'), 3), G(x(2, 4, 9))",
    "G(float('-inf'), 3, 2, True), G(x(2, 4, 9))",
    'G(1.5, 3, stride=2, ceil_mode=True), G(x(2, 4, 9))',
    'G(2, 3, 2), G(x(4, 9))',
  ],
  LPPool2d: ["G(float('inf'), (2, 3)), G(x(2, 4, 9, 9))", 'G(3.0, (2, 3), (1, 2)), G(x(4, 9, 9))'],
  LPPool3d: [
    "G(float('-inf'), 2), G(x(2, 4, 5, 5, 5))",
    'G(3, (1, 2, 3), ceil_mode=True), G(x(4, 5, 5, 5))',
  ],
  AdaptiveAvgPool1d: ['G((3,)), G(x(4, 9))', 'G(0), G(x(4, 9))', 'G(3), G(x(9))'],
  AdaptiveAvgPool2d: [
    'G((None, 3)), G(x(4, 9, 7))',
    'G((None, None)), G(x(4, 9))',
    'G(1), G(x(2, 4, 9, 7))',
  ],
  AdaptiveAvgPool3d: ['G((2, None, 3)), G(x(4, 5, 6, 7))'],
  AdaptiveMaxPool1d: ['G(3, True), G(x(4, 9))', 'G((3,), return_indices=True), G(x(2, 4, 9))'],
  AdaptiveMaxPool2d: ['G((None, 3), True), G(x(4, 9, 7))', 'G((3, None)), G(x(9, 7))'],
  AdaptiveMaxPool3d: ['G((2, None, 3), return_indices=True), G(x(4, 5, 6, 7))'],
  FractionalMaxPool2d: [
    'G(2, output_ratio=0.5, return_indices=True), G(x(2, 3, 7, 7))',
    'G((2, 3), (3, 2), _random_samples=torch.rand(2, 3, 2, dtype=dtype)), G(x(2, 3, 7, 7))',
    'G(2, output_ratio=(0.5, 0.7)), G(x(3, 7, 7))',
    'G(2), None',
    'G(2, 3, 0.5), None',
    'G(2, output_ratio=1.5), None',
    'G(2, output_ratio=(0.5, 1.0)), None',
    'G(9, 3), G(x(2, 3, 7, 7))',
  ],
  FractionalMaxPool3d: [
    'G(2, output_ratio=(0.5, 0.7, 0.6), return_indices=True), G(x(2, 3, 5, 5, 5))',
    'G((1, 0, 2), 3), None',
    'G(-1, 3), None',
    'G(2), None',
  ],
  ReflectionPad1d: ['G((1, 2)), G(x(3, 4))', 'G(5), G(x(3, 4))', 'G(1), G(x(4))'],
  ReflectionPad2d: ['G((1, 2, 0, 3)), G(x(2, 3, 4, 5))', 'G((-1, 2, 0, -1)), G(x(3, 4, 5))'],
  ReflectionPad3d: ['G(1), G(x(1, 2, 3, 4, 5))', 'G((1, 0, 2, 1, 0, 1)), G(x(2, 3, 4, 5))'],
  ReplicationPad1d: ['G((1, 2)), G(x(2, 3, 4))', 'G((-1, 5)), G(x(3, 4))'],
  ReplicationPad2d: ['G((1, 2, 0, 3)), G(x(2, 3, 4, 5))', 'G((1, 2)), G(x(2, 3, 4, 5))'],
  ReplicationPad3d: ['G((1, 0, 2, 1, 0, 1)), G(x(1, 2, 3, 4, 5))'],
  CircularPad1d: ['G((1, 2)), G(x(3, 4))', 'G((1, -2)), G(x(2, 3, 4))', 'G(5), G(x(2, 3, 4))'],
  CircularPad2d: ['G((1, 2, 0, 3)), G(x(3, 4, 5))', 'G(1), G(x(4, 5))'],
  CircularPad3d: ['G((1, 0, 2, 1, 0, 1)), G(x(2, 3, 4, 5))'],
  ConstantPad1d: ['G((1, -2), 3.5), G(x(2, 3, 4))'],
  ConstantPad2d: ["G((1, 2, 0, 3), float('inf')), G(x(3, 4, 5))", 'G(-9, 1.0), G(x(3, 4, 5))'],
  ConstantPad3d: ['G(2, value=-0.5), G(x(2, 3, 4, 5))'],
  ZeroPad1d: ['G((1, -2)), G(x(2, 3, 4))'],
  ZeroPad2d: ['G((1, 2, 0, 3)), G(x(3, 4, 5))'],
  ZeroPad3d: ['G((1, 2, 0, 3, 1, 1)), G(x(3, 4, 5, 6))'],
  BatchNorm1d: [
    'G(3, momentum=None, bias=False), G(x(4, 3))',
    'G(3, 0.1, 0.5, True, False), G(x(4, 3, 2))',
    'G(3, affine=False), G(x(4, 3))',
    'G(3), G(x(1, 3))',
    'G(3), G(x(3))',
    'G(3), G(x(4, 5))',
    'G(3, eps=0.0), G(x(4, 3))',
    'G(3, eps=-1.0), G(x(4, 3))',
  ],
  BatchNorm2d: [
    'G(3, momentum=None), G(x(4, 3, 2, 2))',
    'G(3), G(x(1, 3, 1, 1))',
    'G(3), G(x(4, 3))',
  ],
  BatchNorm3d: ['G(3, 1e-3, 0.3), G(x(2, 3, 2, 2, 2))', 'G(3), G(x(4, 3, 2))'],
  SyncBatchNorm: [
    'G(3, momentum=None, bias=False), G(x(4, 3))',
    'G(3, 0.1, 0.5, False), G(x(4, 3, 2))',
    'G(3), G(x(3))',
    'G(3), G(x(4, 0))',
  ],
  InstanceNorm1d: [
    'G(3, affine=True, track_running_stats=True), G(x(2, 3, 5))',
    'G(3, affine=True, bias=False, momentum=None, track_running_stats=True), G(x(3, 5))',
    'G(3), G(x(2, 4, 5))',
    'G(3, affine=True), G(x(2, 4, 5))',
    'G(3), G(x(2, 3, 1))',
    'G(3), G(x(5))',
  ],
  InstanceNorm2d: ['G(3, 0.1, 0.2, True, True), G(x(3, 4, 5))', 'G(3), G(x(4, 5))'],
  InstanceNorm3d: ['G(2, track_running_stats=True), G(x(1, 2, 3, 4, 5))'],
  GroupNorm: [
    'G(2, 4, bias=False), G(x(3, 4, 5))',
    'G(4, 4, 0.1, False), G(x(3, 4))',
    'G(3, 4), None',
    'G(0, 4), None',
    'G(2, 4), G(x(4))',
    'G(2, 4), G(x(3, 6, 2))',
    'G(1, 1), G(x(1, 1))',
  ],
  LayerNorm: [
    'G([4, 5], 0.1, True, False), G(x(3, 4, 5))',
    'G(5, elementwise_affine=False), G(x(3, 5))',
    'G([]), G(x(3))',
    'G(4), G(x(3, 5))',
  ],
  RMSNorm: [
    'G([4, 5], 0.1), G(x(3, 4, 5))',
    'G((5,), elementwise_affine=False), G(x(3, 5))',
    'G(4), G(x(3, 5))',
  ],
  LocalResponseNorm: [
    'G(3, 0.5, 0.6, 2.0), G(x(2, 5, 4))',
    'G(2, k=0.0), G(x(2, 5, 4, 3, 2))',
    'G(2), G(x(2, 0, 4, 3))',
    'G(2), G(x(2, 5))',
    'G(0), G(x(2, 5, 4))',
  ],
  Dropout: ['G(), G(x(4, 5))', 'G(1.0), G(x(4, 5))', 'G(1.5), None', 'G(-0.5), None'],
  Dropout1d: [
    'G(), G(x(4, 5, 2))',
    'G(0.3), G(x(4, 5))',
    'G(), G(x(4))',
    'G(0.4, True), G(x(4, 5).detach())',
  ],
  Dropout2d: ['G(0.3), G(x(4, 5, 2, 2))', 'G(), G(x(4, 5, 2))', 'G(), G(x(4, 5))', 'G(2.0), None'],
  Dropout3d: [
    'G(0.3), G(x(2, 3, 2, 2, 2))',
    'G(inplace=True), G(x(3, 2, 2, 2).detach())',
    'G(), G(x(4, 5, 3))',
  ],
  AlphaDropout: ['G(), G(x(4, 5))', 'G(0.2, inplace=True), G(x(4, 5))'],
  FeatureAlphaDropout: ['G(0.2), G(x(4, 5, 3))', 'G(), G(x(4))'],
  PixelShuffle: [
    'G(2), G(x(1, 8, 3, 2))',
    'G(2), G(x(8, 3, 2))',
    'G(3), G(x(8, 3, 2))',
    'G(0), G(x(8, 3, 2))',
  ],
  PixelUnshuffle: ['G(2), G(x(1, 2, 6, 4))', 'G(2), G(x(2, 5, 4))'],
  ChannelShuffle: ['G(2), G(x(1, 4, 3, 2))', 'G(3), G(x(1, 4, 3, 2))'],
  Linear: ['G(0, 3), G(x(2, 0))'],
  Bilinear: ['G(0, 2, 3), None', 'G(2, 3, 4, bias=False), G(x(5, 2), x(5, 3))'],
  EmbeddingBag: [
    'G(10, 3), G(i(10, 4, 5))',
    "G(10, 3, mode='sum'), G(i(10, 8), torch.tensor([0, 4, 4]))",
    "G(10, 3, mode='max', padding_idx=-2), G(i(10, 4, 5))",
    "G(10, 3, mode='sum', include_last_offset=True), G(i(10, 8), offsets=torch.tensor([0, 4, 8]))",
    "G(10, 3, mode='sum'), G(i(10, 4, 5), per_sample_weights=x(4, 5))",
    'G(10, 3, 1.0, 1.5, True), G(i(10, 4, 5))',
    'G(10, 3, padding_idx=3, _weight=x(10, 3).detach()), G(i(10, 4, 5))',
    'G(10, 3), G(i(10, 4, 5), per_sample_weights=x(4, 5))',
    'G(10, 3), G(i(10, 4, 5), per_sample_weights=x(4, 4))',
    'G(10, 3), G(i(10, 8))',
    'G(10, 3), G(i(10, 8), i(3, 1, 1))',
    'G(10, 3), G(i(10, 4, 5), torch.tensor([0]))',
    'G(10, 3), G(i(10, 4, 5, 2))',
    "G(10, 3, mode='min'), G(i(10, 4, 5))",
    "G(10, 3, mode='max', scale_grad_by_freq=True), G(i(10, 4, 5))",
    "G(10, 3, mode='max', sparse=True), G(i(10, 4, 5))",
    'G(10, 3, padding_idx=10), None',
    'G(10, 3, padding_idx=-11), None',
    'G(10, 3, _weight=x(3, 10)), None',
  ],
  Hardsigmoid: ['G(), G(x(4, 5))', 'G(True), G(x(4, 5).detach())'],
  Hardswish: ['G(True), G(x(4, 5).detach())'],
  Mish: ['G(inplace=True), G(x(4, 5).detach())'],
  SELU: ['G(True), G(x(4, 5).detach())'],
  CELU: ['G(0.3, True), G(x(4, 5).detach())', 'G(0.0), G(x(4, 5))'],
  RReLU: [
    'G(), G(x(4, 5))',
    'G(0.1, 0.9), G(x(4, 5))',
    'G(0.2, upper=0.7, inplace=True), G(x(4, 5).detach())',
    'G(0.9, 0.1), G(x(4, 5))',
  ],
  Hardtanh: [
    'G(-0.5, 0.7, True), G(x(4, 5).detach())',
    'G(1.0, 1.0), None',
    'G(min_value=-0.3, max_value=0.4), G(x(4, 5))',
    "G(-0.5, float('nan')), G(x(4, 5))",
  ],
  ReLU6: ['G(True), G(x(4, 5).detach())'],
  Threshold: ['G(0.1, 20.0, True), G(x(4, 5).detach())'],
  PReLU: ['G(3, 0.1), G(x(2, 3, 4))', 'G(2), G(x(2, 3, 4))'],
  GLU: ['G(0), G(x(4, 5))', 'G(), G(x(4, 5))', 'G(), G(x())'],
  Softmax2d: ['G(), G(x(4, 5))'],
  Softshrink: ['G(-1.0), G(x(4, 5))'],
};

describe('options of modules', () => {
  it('refuse a padding and a mode that there is not, and list what there is', () => {
    // Python lists the elements of a set, in any order.
    const Conv1d = nn.Conv1d as unknown as new (...args: unknown[]) => nn.Module;
    expect(() => new Conv1d(4, 6, 3, { padding: 'full' })).to.throw(
      RangeError,
      "Invalid padding string 'full', should be one of {'same', 'valid'}",
    );
    expect(() => new Conv1d(4, 6, 3, { padding_mode: 'zero' })).to.throw(
      RangeError,
      "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='zero'",
    );
  });

  for (const [name, rows] of Object.entries(ROWS)) {
    it(`nn.${name}: ${rows.length} rows`, async function () {
      this.timeout(120_000);
      await compareRows(`nn.${name}`, rows);
    });
  }

  it('SyncBatchNorm replaces batch normalizations, with their states', () =>
    expectSample(
      {
        source: `torch.manual_seed(3)
m = nn.Sequential(nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3, momentum=None), nn.ModuleList([nn.BatchNorm2d(3, affine=False)]))
m.eval()
m[1].weight.data.fill_(2)
new = nn.SyncBatchNorm.convert_sync_batchnorm(m)
alone = nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm3d(2, bias=False))
state = [v for v in new.state_dict().values()]
texts = [repr(new), repr(alone), str(new is m), str(new[1].training), str(list(new.state_dict()))]`,
        outputs: ['state', 'texts'],
      },
      () => {
        torch.manual_seed(3);
        const m = new nn.Sequential(
          new nn.Conv1d(2, 3, 2),
          new nn.BatchNorm1d(3, { momentum: null }),
          new nn.ModuleList([new nn.BatchNorm2d(3, { affine: false })]),
        );
        m.eval();
        (m.at(1) as nn.BatchNorm1d).weight!.data.fill_(2);
        const made = nn.SyncBatchNorm.convert_sync_batchnorm(m) as nn.Sequential;
        const alone = nn.SyncBatchNorm.convert_sync_batchnorm(
          new nn.BatchNorm3d(2, { bias: false }),
        );
        const python = (value: boolean): string => (value ? 'True' : 'False');
        const names = [...made.state_dict().keys()].map((name) => `'${name}'`);
        return [
          [...made.state_dict().values()],
          [
            `${made}`,
            `${alone}`,
            python(made === m),
            python(made.at(1).training),
            `[${names.join(', ')}]`,
          ],
        ];
      },
    ));

  it('BatchNorm loads states from before there was a count', () =>
    expectSample(
      {
        source: `
m = nn.BatchNorm1d(2); state = {k: v + 1 for k, v in m.state_dict().items() if k != 'num_batches_tracked'}
keys = str(m.load_state_dict(state)); del state['weight']
try: m.load_state_dict(state)
except RuntimeError as error: text = str(error)`,
        outputs: ['keys', 'text', 'list(m.state_dict().values())'],
      },
      () => {
        const m = new nn.BatchNorm1d(2);
        const state = new Map([...m.state_dict()].map(([key, value]) => [key, value.add(1)]));
        state.delete('num_batches_tracked');
        const keys = String(m.load_state_dict(state));
        state.delete('weight');
        let text = '';
        try {
          m.load_state_dict(state);
        } catch (error) {
          text = (error as Error).message;
        }
        return [keys, text, [...m.state_dict().values()]];
      },
    ));

  it('train a network over several steps, with the same weights and running statistics', () =>
    expectSample(
      {
        source: `
m = nn.Sequential(nn.Conv2d(3, 8, 3, padding='same', bias=False), nn.BatchNorm2d(8), nn.ReLU(True), nn.MaxPool2d(2),
                  nn.Dropout2d(0.2), nn.ConvTranspose2d(8, 4, 2, stride=2), nn.GroupNorm(2, 4), nn.GELU(),
                  nn.AdaptiveAvgPool2d((None, 2)), nn.Flatten(), nn.Linear(64, 5))
o = torch.optim.AdamW(m.parameters(), lr=0.01); losses = []
for _ in range(5):
    o.zero_grad()
    loss = F.cross_entropy(m(torch.randn(4, 3, 8, 8)), torch.randint(0, 5, (4,)))
    loss.backward(); o.step(); losses.append(loss.detach())
m.eval(); y = m(torch.ones(1, 3, 8, 8))
c = nn.Conv2d(3, 8, 3).to(memory_format=torch.channels_last); c.reset_parameters()
d = nn.Conv2d(3, 8, 3).to(torch.bfloat16); z = d(torch.ones(1, 3, 4, 4, dtype=torch.bfloat16))`,
        outputs: [
          'repr(m)',
          'losses',
          'list(m.state_dict().values())',
          'y',
          'c.weight',
          'c.weight.stride()',
          'z',
        ],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.Sequential(
          new nn.Conv2d(3, 8, 3, { padding: 'same', bias: false }),
          new nn.BatchNorm2d(8),
          new nn.ReLU(true),
          new nn.MaxPool2d(2),
          new nn.Dropout2d(0.2),
          new nn.ConvTranspose2d(8, 4, 2, 2),
          new nn.GroupNorm(2, 4),
          new nn.GELU(),
          new nn.AdaptiveAvgPool2d([null, 2]),
          new nn.Flatten(),
          new nn.Linear(64, 5),
        );
        const o = new optim.AdamW(m.parameters(), { lr: 0.01 });
        const losses = [];
        for (let step = 0; step < 5; step++) {
          o.zero_grad();
          const scores = m(torch.randn(4, 3, 8, 8));
          const loss = nn.functional.cross_entropy(scores, torch.randint(0, 5, [4]));
          loss.backward();
          o.step();
          losses.push(loss.detach());
        }
        m.eval();
        const copy = torch.deepcopy(m);
        const y = copy(torch.ones(1, 3, 8, 8));
        const c = new nn.Conv2d(3, 8, 3).to({ memory_format: torch.channels_last });
        c.reset_parameters();
        const d = new nn.Conv2d(3, 8, 3).to(torch.bfloat16);
        const z = d(torch.ones([1, 3, 4, 4], { dtype: torch.bfloat16 }));
        return [String(m), losses, [...m.state_dict().values()], y, c.weight, c.weight.stride(), z];
      },
    ));
});
