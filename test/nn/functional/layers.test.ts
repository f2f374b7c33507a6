/**
 * Functions of layers against Python: options, gradients, warnings and errors.
 *
 * Each row is Python: None, then the arguments of the call. x makes random input, i indices.
 */
import { compareRows } from '../cases';

const w = 'x(6, 4, 3)';

const ROWS: Record<string, readonly string[]> = {
  conv1d: [
    `G(x(2, 4, 9), ${w}, x(6), 2, 1, 2)`,
    `G(x(2, 4, 9), ${w}, None, 1, 'same')`,
    `G(x(2, 4, 9), ${w}, padding='valid', stride=(2,))`,
    `G(x(2, 4, 9), ${w}, padding='same', stride=2)`,
    `G(x(2, 8, 9), ${w}, groups=2)`,
    `G(x(2, 8, 9), ${w})`,
  ],
  conv2d: [
    'G(x(2, 4, 9, 9), x(6, 4, 3, 2), stride=(1, 2), padding=(0, 1), dilation=2)',
    "G(x(2, 4, 9, 9), x(6, 4, 3, 2), x(6), padding='same')",
    'G(x(2, 4, 9, 9), x(6, 4, 3, 2), x(5))',
  ],
  conv3d: ['G(x(2, 4, 5, 5, 5), x(6, 2, 1, 2, 3), groups=2, padding=1)'],
  conv_transpose1d: ['G(x(2, 6, 9), x(6, 2, 3), None, 2, 1, 1, 2, 1)', 'G(x(2, 5, 9), x(6, 2, 3))'],
  conv_transpose2d: ['G(x(2, 6, 5, 5), x(6, 4, 3, 3), x(4), stride=2, output_padding=(1, 0))'],
  conv_transpose3d: ['G(x(1, 2, 3, 3, 3), x(2, 2, 2, 2, 2), dilation=2)'],
  max_pool1d: [
    'G(x(2, 4, 9), 3)',
    'G(x(4, 9), 3, 2, 1, 1, True, True)',
    'G(x(4, 9), 3, stride=None)',
  ],
  max_pool2d: [
    'G(x(4, 9, 9), (3, 2), return_indices=True)',
    'G(x(4, 9, 9), 2, None, 1, 2, True)',
    'G(x(4, 9, 9), 2, padding=2)',
    'G(x(9, 9), 2)',
  ],
  max_pool3d: [
    'G(x(4, 5, 5, 5), 2, (1, 2, 1), ceil_mode=True)',
    'G(x(4, 5, 5, 5), 2, return_indices=True)',
  ],
  max_unpool1d: [
    'G(x(2, 4), torch.tensor([[0, 3, 4, 7], [1, 2, 5, 8]]), 2, 2, 0, (9,))',
    'G(x(2, 4), torch.tensor([[0, 3, 4, 7], [1, 2, 5, 6]]), (2,), padding=0)',
    'G(x(2, 4), torch.tensor([[0, 3, 4, 7], [1, 2, 5, 6]]), 2, 1, 9)',
  ],
  max_unpool2d: [
    'G(x(1, 1, 2, 2), torch.tensor([[[[5, 7], [13, 15]]]]), 2)',
    'G(x(1, 1, 2, 2), torch.tensor([[[[5, 7], [13, 15]]]]), 2, output_size=[1, 1, 5, 9])',
    'G(x(1, 1, 2, 2), torch.tensor([[[[5, 7], [13, 15]]]]), 2, output_size=(4,))',
  ],
  max_unpool3d: [
    'G(x(1, 1, 1, 2, 2), torch.tensor([[[[[5, 7], [13, 15]]]]]), (2, 2, 2), None, (0, 0, 0))',
  ],
  avg_pool1d: ['G(x(4, 9), 3, 2, 1, True, False)', 'G(x(4, 9), (2,))', 'G(x(9), 2)'],
  avg_pool2d: ['G(x(4, 9, 9), (3, 2), None, 1, divisor_override=7)', 'G(x(4, 9, 9), 3, 2, 2)'],
  avg_pool3d: ['G(x(4, 5, 5, 5), 2, stride=1, ceil_mode=True, count_include_pad=False)'],
  lp_pool1d: ["G(x(4, 9), float('inf'), 3)", 'G(x(4, 9), 3.0, 3, 2, True)', 'G(x(4, 9), 0.0, 3)'],
  lp_pool2d: ["G(x(4, 9, 9), float('-inf'), 3, stride=1)", 'G(x(4, 9, 9), 2.0, (2, 3))'],
  lp_pool3d: ['G(x(4, 5, 5, 5), 1.5, 2)'],
  adaptive_avg_pool1d: ['G(x(4, 9), 4)', 'G(x(4, 9), (4, 5))'],
  adaptive_avg_pool2d: [
    'G(x(4, 9, 7), (None, 3))',
    'G(x(4, 9, 7), 3)',
    'G(x(9, 7), (2, 2))',
    'G(x(4, 9, 7), (-1, 2))',
  ],
  adaptive_avg_pool3d: ['G(x(4, 5, 6, 7), (None, 3, 2))'],
  adaptive_max_pool1d: ['G(x(4, 9), 4)', 'G(x(4, 9), 4, True)'],
  adaptive_max_pool2d: ['G(x(4, 9, 7), (None, 3), return_indices=True)', 'G(x(4, 9, 7), 3)'],
  adaptive_max_pool3d: ['G(x(4, 5, 6, 7), 2, True)'],
  fractional_max_pool2d: [
    'G(x(2, 3, 7, 7), 2, output_ratio=(0.5, 0.6), return_indices=True)',
    'G(x(3, 7, 7), (2, 3), 3)',
    'G(x(3, 7, 7), 2)',
    'G(x(3, 7, 7), 2, output_ratio=(0.5, 0.5, 0.5))',
  ],
  fractional_max_pool3d: ['G(x(3, 5, 5, 5), 2, (2, 3, 2))', 'G(x(3, 5, 5, 5), 2, None, 0.6, True)'],
  unfold: [
    'G(x(2, 3, 5, 6), 2)',
    'G(x(3, 5, 6), (2, 3), 2, 1, (2, 1))',
    'G(x(2, 3, 5, 6), (2, 3), stride=2, padding=(1, 2))',
    'G(x(2, 3, 5), 2)',
    'G(x(2, 3, 5, 6), 9)',
    'G(x(2, 3, 5, 6), (2,))',
  ],
  fold: [
    'G(x(2, 12, 20), (5, 6), 2)',
    'G(x(12, 15), (4, 6), kernel_size=2)',
    'G(x(1, 12, 12), 4, (2, 3), 1, (1, 0), (2, 1))',
    'G(x(2, 12, 21), (5, 6), 2)',
    'G(x(2, 11, 20), (5, 6), 2)',
  ],
  interpolate: [
    'G(x(2, 3, 5), scale_factor=2.0)',
    'G(x(2, 3, 5, 6), 7)',
    'G(x(2, 3, 4, 5, 6), (3, 4, 9))',
    ...['nearest', 'nearest-exact', 'area'].flatMap((mode) => [
      `G(x(2, 3, 5), 7, mode='${mode}')`,
      `G(x(2, 3, 5, 6), None, (0.7, 1.5), '${mode}')`,
      `G(x(1, 2, 4, 5, 6), scale_factor=1.3, mode='${mode}', recompute_scale_factor=True)`,
      `G(x(2, 3, 5, 6), 7, mode='${mode}', align_corners=True)`,
      `G(x(2, 3), 7, mode='${mode}')`,
    ]),
    ...['linear', 'bilinear', 'bicubic', 'trilinear', 'lanczos', 'cubic'].flatMap((mode) => [
      `G(x(2, 3, 5), 7, mode='${mode}')`,
      `G(x(2, 3, 5, 6), (3, 9), None, '${mode}', True)`,
      `G(x(2, 3, 5, 6), scale_factor=(0.7, 1.5), mode='${mode}')`,
      `G(x(2, 3, 9, 8), scale_factor=0.4, mode='${mode}', antialias=True)`,
      `G(x(2, 3, 9, 8), scale_factor=0.4, mode='${mode}', align_corners=True, antialias=True)`,
      `G(x(1, 2, 4, 5, 6), scale_factor=1.3, mode='${mode}', recompute_scale_factor=True)`,
    ]),
    'G(x(2, 3, 5))',
    'G(x(2, 3, 5), 7, 2.0)',
    'G(x(2, 3, 5, 6), (7,))',
    'G(x(2, 3, 5, 6), scale_factor=(2.0,))',
    'G(x(2, 3, 5, 6), scale_factor=(2.0, 1.0, 3.0))',
    'G(x(2, 3, 5, 6), 7, recompute_scale_factor=True)',
    "G(x(2, 3, 5), 7, mode='area', antialias=True)",
    "G(x(2, 3, 5), scale_factor=float('inf'), recompute_scale_factor=True)",
    "G(x(2, 3, 5), scale_factor=float('nan'), recompute_scale_factor=True)",
    'G(x(2, 3, 5), scale_factor=0.01)',
    'G(i(5, 2, 3, 5), 7)',
  ],
  pad: [
    'G(x(2, 3), (1, 2))',
    'G(x(2, 3), (1, 2, -1, 0), value=1.5)',
    "G(x(2, 3), (1, 2), 'reflect')",
    "G(x(2, 3), (1, 2), mode='replicate')",
    "G(x(2, 3), (1, 2), 'circular')",
    "G(x(2, 3), (1, 2), 'mirror')",
    "G(x(2, 3), (1, 2), 'reflect', 1.0)",
    'G(x(2, 3), (1, 2, 3))',
  ],
  batch_norm: [
    'G(x(4, 3), None, None, training=True)',
    'G(x(4, 3), torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype), x(3), x(3), True, 0.3, 0.1)',
    'G(x(4, 3), torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype))',
    'G(x(1, 3), None, None, training=True)',
    'G(x(4, 3), None, None)',
    'G(x(4, 3), None, None, training=True, eps=0.0)',
    'G(x(4, 3), None, None, eps=-1.0)',
    'G(x(), None, None, training=True)',
  ],
  instance_norm: [
    'G(x(2, 3, 4))',
    'G(x(2, 3, 4), torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype), x(3), x(3), False)',
    'G(x(2, 3, 1))',
    'G(x(2, 3))',
  ],
  group_norm: [
    'G(x(2, 4, 3), 2, x(4), x(4), 0.1)',
    'G(x(2, 4), 4)',
    'G(x(1, 4), 4)',
    'G(x(4), 2)',
    'G(x(2, 4), 0)',
  ],
  layer_norm: [
    'G(x(2, 3, 4), (3, 4), x(3, 4), x(3, 4))',
    'G(x(2, 3, 4), (4,), eps=0.1)',
    'G(x(2, 3), (4,))',
  ],
  rms_norm: [
    'G(x(2, 3, 4), (3, 4), x(3, 4))',
    'G(x(2, 3, 4), (4,), None, 0.1)',
    'G(x(2, 3), (4,))',
  ],
  local_response_norm: [
    'G(x(2, 5, 4), 3)',
    'G(x(2, 5, 4, 3), 2, 0.5, 0.3, 0.7)',
    'G(x(2, 5), 3)',
    'G(x(2, 5, 0), 3)',
  ],
  dropout: [
    'G(x(4, 5))',
    'G(x(4, 5), 0.3, False)',
    'G(x(4, 5), 1.5)',
    'G(x(4, 5).detach(), inplace=True)',
  ],
  dropout1d: [
    'G(x(4, 5, 2))',
    'G(x(4, 5).detach(), 0.3, True, True)',
    'G(x(4))',
    'G(x(4, 5), training=False)',
  ],
  dropout2d: ['G(x(4, 5, 2, 2), 0.3)', 'G(x(4, 5, 2))', 'G(x(4, 5))', 'G(x(4, 5, 2, 2), -0.1)'],
  dropout3d: [
    'G(x(4, 5, 2, 2, 2), 0.3)',
    'G(x(4, 5, 2, 2).detach(), inplace=True)',
    'G(x(4, 5, 2))',
  ],
  alpha_dropout: [
    'G(x(4, 5))',
    'G(x(4, 5), 0.3, True)',
    'G(x(4, 5).detach(), 0.3, True, True)',
    'G(x(4, 5), 2.0)',
  ],
  feature_alpha_dropout: ['G(x(4, 5, 2))', 'G(x(4, 5, 2), 0.3, training=True)'],
  pixel_shuffle: ['G(x(8, 3, 2), 2)', 'G(x(8, 3, 2), 3)', 'G(x(3, 2), 1)'],
  pixel_unshuffle: ['G(x(2, 6, 4), 2)', 'G(x(2, 6, 5), 2)'],
  channel_shuffle: ['G(x(1, 4, 3), 2)', 'G(x(1, 4, 3), 3)'],
  embedding_bag: [
    'G(i(10, 4, 5), x(10, 3))',
    "G(i(10, 8), x(10, 3), torch.tensor([0, 4]), mode='sum', per_sample_weights=x(8))",
    "G(i(10, 8), x(10, 3), torch.tensor([0, 4, 8]), None, 2.0, False, 'max', False, None, True, 2)",
    'G(i(10, 4, 5), x(10, 3).detach(), max_norm=0.5)',
    'G(x(10, 3), i(10, 4, 5))',
    'G(i(10, 4, 5), x(10))',
  ],
  relu_: ['G(x(4, 5).detach())', 'G(x(4, 5))'],
  elu_: ['G(x(4, 5).detach(), 0.3)'],
  selu_: ['G(x(4, 5).detach())'],
  celu_: ['G(x(4, 5).detach(), 0.3)'],
  leaky_relu_: ['G(x(4, 5).detach(), 0.3)'],
  hardtanh_: ['G(x(4, 5).detach(), -0.3, 0.2)'],
  threshold_: ['G(x(4, 5).detach(), 0.3, 1.0)'],
  rrelu_: ['G(x(4, 5).detach(), 0.3, 0.4, True)'],
  threshold: ['G(x(4, 5), 0.3, 1.0)', 'G(x(4, 5).detach(), 0.3, 1.0, inplace=True)'],
  rrelu: [
    'G(x(4, 5))',
    'G(x(4, 5), 0.3, 0.4, True)',
    'G(x(4, 5).detach(), training=True, inplace=True)',
  ],
  prelu: ['G(x(4, 5), x(5))', 'G(x(4, 5), x(1))', 'G(x(4, 5), x(3))', 'G(x(), x(1))'],
  hardshrink: ['G(x(4, 5))', 'G(x(4, 5), 0.1)'],
  softshrink: ['G(x(4, 5))', 'G(x(4, 5), lambd=0.1)', 'G(x(4, 5), -0.1)'],
  glu: ['G(x(4, 6))', 'G(x(4, 6), 0)', 'G(x(4, 5))', 'G(x())'],
  gumbel_softmax: ['G(x(4, 6))', 'G(x(4, 6), 0.3, True)', 'G(x(4, 6), hard=True, dim=0, eps=0.1)'],
  normalize: ['G(x(4, 6))', 'G(x(4, 6), 1.0, 0)', 'G(x(4, 6), p=3.0, dim=(0, 1), eps=1.0)'],
};

describe('functions of layers', () => {
  for (const [name, rows] of Object.entries(ROWS)) {
    it(`F.${name}: ${rows.length} rows`, async function () {
      this.timeout(120_000);
      await compareRows(
        `F.${name}`,
        rows.map((row) => `None, ${row}`),
      );
    });
  }
});
