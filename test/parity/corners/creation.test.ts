/** Tensors made from numbers, and from other tensors. */
import torch, { type Tensor } from 'torch-losses';

import { describeCorners } from './corners';

const { tensor, ones } = torch;

describeCorners({
  'torch.tensor and its kin': [
    [
      "torch.tensor([1.5, True], device='cpu')",
      () => tensor([torch.asFloat(1.5), true], { device: 'cpu' }),
    ],
    ["torch.tensor([1, 2], device='meta')", () => tensor([1, 2], { device: 'meta' })],
    ["torch.tensor('text')", () => tensor('text' as never)],
    ['torch.tensor([1j, 2.5])', () => tensor([{ re: 0, im: 1 }, 2.5])],
    [
      'torch.tensor([1, 1j], dtype=torch.complex32)',
      () => tensor([1, { re: 0, im: 1 }], { dtype: torch.complex32 }),
    ],
    ['torch.tensor([[torch.tensor(1.5), 2]])', () => tensor([[tensor(1.5), 2]] as never)],
    ['torch.tensor([torch.tensor([1.5, 2])])', () => tensor([tensor([1.5, 2])] as never)],
    [
      'torch.tensor([torch.ones(2)], dtype=torch.float64)',
      () => tensor([ones(2)] as never, { dtype: torch.float64 }),
    ],
    ['torch.tensor([torch.tensor(3), 1j])', () => tensor([tensor(3), { re: 0, im: 1 }] as never)],
    [
      "torch.tensor([0j, 1j, float('nan'), 0.0, 2], dtype=torch.bool)",
      () => tensor([{ re: 0, im: 0 }, { re: 0, im: 1 }, Number.NaN, 0, 2], { dtype: torch.bool }),
    ],
    [
      'torch.tensor([None], dtype=torch.int64)',
      () => tensor([null] as never, { dtype: torch.int64 }),
    ],
    [
      "torch.tensor([[1], 'a'], dtype=torch.int32)",
      () => tensor([[1], 'a'] as never, { dtype: torch.int32 }),
    ],
    [
      'torch.tensor([1j], dtype=torch.int32)',
      () => tensor([{ re: 0, im: 1 }], { dtype: torch.int32 }),
    ],
    [
      "torch.tensor(['a'], dtype=torch.float32)",
      () => tensor(['a'] as never, { dtype: torch.float32 }),
    ],
    ['torch.tensor([-1], dtype=torch.uint64)', () => tensor([-1], { dtype: torch.uint64 })],
    [
      'torch.tensor([2**64], dtype=torch.uint64)',
      () => tensor([2n ** 64n], { dtype: torch.uint64 }),
    ],
    [
      'torch.tensor([2**64 - 1], dtype=torch.uint64)',
      () => tensor([2n ** 64n - 1n], { dtype: torch.uint64 }),
    ],
    ['torch.tensor([2**63], dtype=torch.int64)', () => tensor([2n ** 63n], { dtype: torch.int64 })],
    ['torch.tensor([300], dtype=torch.uint8)', () => tensor([300], { dtype: torch.uint8 })],
    ['torch.tensor([1, 2], dtype=5)', () => tensor([1, 2], { dtype: 5 as never })],
    [
      'torch.tensor([1.5], requires_grad=3.5)',
      () => tensor([1.5], { requires_grad: 3.5 as never }),
    ],
    [
      'torch.as_tensor([1, 2], dtype=torch.float16)',
      () => torch.as_tensor([1, 2], { dtype: torch.float16 }),
    ],
    [
      'torch.as_tensor(torch.ones(2), dtype=torch.int8)',
      () => torch.as_tensor(ones(2) as never, { dtype: torch.int8 }),
    ],
    [
      'torch.ones(2, dtype=torch.float64).new_tensor([1, 2])',
      () => ones(2, { dtype: torch.float64 }).new_tensor([1, 2]),
    ],
    [
      'torch.ones(2).new_tensor([1, 2], dtype=torch.int16, requires_grad=False)',
      () => ones(2).new_tensor([1, 2], { dtype: torch.int16, requires_grad: false }),
    ],
    [
      "torch.ones(2, device='meta').new_tensor([1, 2])",
      () => ones(2, { device: 'meta' }).new_tensor([1, 2]),
    ],
    ['torch.FloatTensor([1, 2])', () => torch.FloatTensor([1, 2])],
    ['torch.LongTensor()', () => torch.LongTensor()],
    ["torch.DoubleTensor('a')", () => torch.DoubleTensor('a' as never)],
    [
      'torch.FloatTensor(2, 3).shape == (2, 3)',
      () => String(torch.FloatTensor(2, 3).shape) === '2,3',
    ],
    ['torch.set_default_dtype(torch.int32)', () => torch.set_default_dtype(torch.int32)],
    ['torch.set_default_dtype(3)', () => torch.set_default_dtype(3 as never)],
    [
      'torch.scalar_tensor(2**64 - 1, dtype=torch.uint64)',
      () =>
        (torch.ops.aten.scalar_tensor as unknown as (...args: unknown[]) => Tensor)(
          2n ** 64n - 1n,
          { dtype: torch.uint64 },
        ),
    ],
    [
      'torch.full((2,), 2**63 + 5, dtype=torch.uint64)',
      () => torch.full([2], (2n ** 63n + 5n) as never, { dtype: torch.uint64 }),
    ],
    [
      'torch.tensor([3], dtype=torch.uint64).item()',
      () => tensor([3], { dtype: torch.uint64 }).item(),
    ],
  ],
});
