/** Numbers, operators by name, and generators. */
import torch, { type Tensor } from 'torch-losses';

import { describeCorners, int } from './corners';

const { tensor, arange, zeros, ones } = torch;

describeCorners({
  'numbers and operators': [
    [
      'torch.ops.aten.add.Scalar(torch.ones(2), 1, 2)',
      () =>
        (torch.ops.aten.add as unknown as { Scalar(...args: unknown[]): Tensor }).Scalar(
          ones(2),
          1,
          2,
        ),
    ],
    ['torch.ones(2).mul(1j)', () => ones(2).mul({ re: 0, im: 1 })],
    ['torch.ones(2).add(2**63)', () => ones(2).add((2n ** 63n) as never)],
    ['torch.zeros(2, dtype=torch.uint8).add(-0.0)', () => zeros(2, { dtype: torch.uint8 }).add(-0)],
    [
      'torch.result_type(torch.ones(1, dtype=torch.int8), 1)',
      () => torch.result_type(ones(1, { dtype: torch.int8 }), 1),
    ],
    [
      'torch.histogramdd(torch.ones(2, 1), [2])[1]',
      () =>
        (torch.ops.aten.histogramdd as unknown as (...args: unknown[]) => { bin_edges: Tensor[] })(
          ones(2, 1),
          [2],
        ).bin_edges,
    ],
    [
      'torch.ops.aten.split.Tensor(torch.arange(3), 2)',
      () =>
        (torch.ops.aten.split as unknown as { Tensor(...args: unknown[]): Tensor[] }).Tensor(
          arange(3),
          2,
        ),
    ],
    [
      'torch.ops.aten.native_layer_norm(torch.ones(1, 2), [2], None, None, 1e-5)[0]',
      () =>
        (torch.ops.aten.native_layer_norm as unknown as (...args: unknown[]) => Tensor[])(
          ones(1, 2),
          [2],
          null,
          null,
          1e-5,
        )[0],
    ],
    [
      'torch.ops.aten.index_put(torch.zeros(3), [None], torch.ones(3))',
      () =>
        (torch.ops.aten.index_put as unknown as (...args: unknown[]) => Tensor)(
          zeros(3),
          [null],
          ones(3),
        ),
    ],
    [
      'torch.ops.aten.convolution_backward(torch.ones(1, 1, 1), torch.ones(1, 1, 1), torch.ones(1, 1, 1), [0], [1], [0], [1], False, [0], 1, [True, False, False])',
      () =>
        (torch.ops.aten.convolution_backward as unknown as (...args: unknown[]) => unknown)(
          ones(1, 1, 1),
          ones(1, 1, 1),
          ones(1, 1, 1),
          [0],
          [1],
          [0],
          [1],
          false,
          [0],
          1,
          [true, false, false],
        ),
    ],
    [
      'torch._foreach_add([torch.ones(1), torch.ones(1)], [1, 2])',
      () =>
        (
          torch.ops.aten._foreach_add as unknown as { ScalarList(...args: unknown[]): Tensor[] }
        ).ScalarList([ones(1), ones(1)], [1, 2]),
    ],
    [
      'str(torch.ops.prim.device(torch.ones(1)))',
      () => (torch.ops.prim.device as unknown as (x: Tensor) => string)(ones(1)),
    ],
    [
      'torch.ops.aten.index(torch.arange(3), [torch.tensor([2])])',
      () =>
        (torch.ops.aten.index as unknown as { Tensor(...args: unknown[]): Tensor }).Tensor(
          arange(3),
          [int(2)],
        ),
    ],
    [
      'torch.ops.aten.item(torch.tensor([2**64 - 1], dtype=torch.uint64))',
      () =>
        (torch.ops.aten.item as unknown as (x: Tensor) => bigint)(
          tensor([2n ** 64n - 1n], { dtype: torch.uint64 }),
        ),
    ],
    [
      'torch.ones(1, dtype=torch.int64).mul(2**60)',
      () => ones(1, { dtype: torch.int64 }).mul((2n ** 60n) as never),
    ],
    [
      "torch.ops.aten.split('a b')",
      () => (torch.ops.aten.split as unknown as { str(text: string): string[] }).str('a b'),
    ],
    ['torch.get_float32_matmul_precision()', () => torch.get_float32_matmul_precision()],
    [
      "after(lambda: torch.set_float32_matmul_precision('medium')) or torch.get_float32_matmul_precision()",
      () => {
        torch.set_float32_matmul_precision('medium');
        return torch.get_float32_matmul_precision();
      },
    ],
    [
      "after(lambda: torch.set_float32_matmul_precision('highest')) or torch.get_float32_matmul_precision()",
      () => {
        torch.set_float32_matmul_precision('highest');
        return torch.get_float32_matmul_precision();
      },
    ],
    [
      'after(lambda g: g.manual_seed(3), torch.Generator()).initial_seed()',
      () => new torch.Generator().manual_seed(3).initial_seed(),
    ],
    ['str(torch.Generator().device)', () => String(new torch.Generator().device)],
    ["torch.Generator('meta')", () => new torch.Generator('meta')],
    ["str(torch.Generator('cpu').device)", () => String(new torch.Generator('cpu').device)],
    // A CUDA build asks CUDA, and throws CUDA's error without a driver.
    ...(torch.version.cuda === null
      ? ([['torch.Generator(5)', () => new torch.Generator(5)]] as const)
      : []),
    ['torch.Generator(other=5)', () => new torch.Generator({ other: 5 } as never)],
    [
      'torch.Generator().manual_seed(-1).initial_seed()',
      () => new torch.Generator().manual_seed(-1).initial_seed(),
    ],
    ['torch.Generator().seed() > 0', () => new torch.Generator().seed() > 0],
    [
      'torch.linalg.inv(torch.zeros(2, 2))',
      () => (torch.ops.aten.linalg_inv as unknown as (x: Tensor) => Tensor)(zeros(2, 2)),
    ],
    ['torch.Generator().get_state().dtype', () => new torch.Generator().get_state().dtype],
  ],
});
