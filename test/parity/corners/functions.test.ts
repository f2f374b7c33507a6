/** Functions and methods with several forms. */
import torch, { nn, type Tensor } from 'torch-losses';

import { after, type Corner, describeCorners, int, text } from './corners';

const { tensor, arange, zeros, ones } = torch;
const F = nn.functional;

const grid = (): Tensor => arange(6).reshape(2, 3);
const GRID = 'torch.arange(6).reshape(2, 3)';

describeCorners({
  'class indices': [
    ...['uint8', 'int64'].flatMap((dtype) =>
      ([[0], [1], [2], [3], []] as number[][]).map(
        (classes): Corner => [
          `F.nll_loss(torch.ones(${classes.length}, 3), torch.tensor(${JSON.stringify(classes)}, dtype=torch.${dtype}), reduction='sum')`,
          () =>
            F.nll_loss(
              ones(classes.length, 3),
              tensor(classes, { dtype: torch[dtype as 'uint8'] }),
              { reduction: 'sum' },
            ),
        ],
      ),
    ),
  ],
  indexing: [
    [`${GRID}[...]`, () => grid().index('...')],
    [`${GRID}[None]`, () => grid().index(null)],
    [`${GRID}[[]]`, () => grid().index([] as never)],
    [`${GRID}[[0, 1], [1, 2]]`, () => grid().index([0, 1] as never, [1, 2] as never)],
    [
      `${GRID}[torch.tensor(1, dtype=torch.uint8)]`,
      () => grid().index(tensor(1, { dtype: torch.uint8 })),
    ],
    [`${GRID}[torch.tensor(True)]`, () => grid().index(tensor(true))],
    [`${GRID}[torch.tensor(1)]`, () => grid().index(tensor(1))],
    [
      `${GRID}[torch.tensor([1, 0], dtype=torch.uint8)]`,
      () => grid().index(tensor([1, 0], { dtype: torch.uint8 })),
    ],
    [
      `after(lambda x: x.index_put_((torch.tensor([0]),), torch.tensor(9)), ${GRID})`,
      () => after((x: Tensor) => x.index_put_([int(0)], tensor(9)), grid()),
    ],
    [
      `after(lambda x: x.__setitem__(0, torch.ones(1, 1, 3)), ${GRID})`,
      () => after((x: Tensor) => x.index_put_([0], ones(1, 1, 3)), grid()),
    ],
    [
      `after(lambda x: x.__setitem__(1, torch.ones(1, 1)), ${GRID})`,
      () => after((x: Tensor) => x.index_put_([1], ones(1, 1)), grid()),
    ],
    [
      `after(lambda x: x[0].add_(5), ${GRID})`,
      () => after((x: Tensor) => x.index_put_([0], 5, { accumulate: true }), grid()),
    ],
    ['torch.tensor(3.5)[:]', () => tensor(3.5).index(torch.slice())],
    ['torch.tensor(3.5)[1:]', () => tensor(3.5).index(torch.slice(1, null))],
    ['torch.tensor(3.5)[0]', () => tensor(3.5).index(0)],
    ['torch.tensor(3.5)[:, 0]', () => tensor(3.5).index(torch.slice(), 0)],
    ['torch.tensor(3.5)[:, :]', () => tensor(3.5).index(torch.slice(), torch.slice())],
    ['torch.tensor(3.5)[...]', () => tensor(3.5).index('...')],
    ['torch.tensor(3.5)[None]', () => tensor(3.5).index(null)],
    [
      'torch.tensor(3.5).__setitem__(slice(None), 1)',
      () => tensor(3.5).index_put_([torch.slice()], 1),
    ],
    ['torch.tensor(3.5).__setitem__(0, 1)', () => tensor(3.5).index_put_([0], 1)],
    [
      'torch.tensor(3.5).__setitem__((slice(None), 0), 1)',
      () => tensor(3.5).index_put_([torch.slice(), 0], 1),
    ],
    [
      'after(lambda x: x.__setitem__(..., 1), torch.tensor(3.5))',
      () => after((x: Tensor) => x.index_put_(['...'], 1), tensor(3.5)),
    ],
    [`${GRID}.index_put_(3, torch.tensor(1))`, () => grid().index_put_(3 as never, tensor(1))],
  ],
  'functions of several tensors': [
    [
      'torch.broadcast_shapes((2, 1), 3, (1, 3))',
      () => text(`torch.Size([${torch.broadcast_shapes([2, 1], 3, [1, 3]).join(', ')}])`),
    ],
    ['torch.broadcast_shapes((2, 3), (4,))', () => torch.broadcast_shapes([2, 3], [4])],
    ['torch.broadcast_shapes((2, 3), (4, 5, 6))', () => torch.broadcast_shapes([2, 3], [4, 5, 6])],
    ['torch.broadcast_shapes((-2,), (1,))', () => torch.broadcast_shapes([-2], [1])],
    ["torch.broadcast_shapes('a')", () => torch.broadcast_shapes('a' as never)],
    [
      "torch.einsum('ij,jk->ik', torch.ones(2, 3), torch.ones(3, 2))",
      () => torch.einsum('ij,jk->ik', ones(2, 3), ones(3, 2)),
    ],
    [
      'torch.einsum(torch.ones(2, 3), [0, 1], torch.ones(3, 2), [1, 2], [0, 2])',
      () => torch.einsum(ones(2, 3), [0, 1], ones(3, 2), [1, 2], [0, 2]),
    ],
    ['torch.einsum(torch.ones(2, 3), [..., 1])', () => torch.einsum(ones(2, 3), ['...', 1])],
    ['torch.einsum(torch.ones(2, 3), [0, 52])', () => torch.einsum(ones(2, 3), [0, 52])],
    ["torch.einsum('i')", () => torch.einsum('i')],
    [
      'torch.tensordot(torch.ones(2, 3), torch.ones(3, 2), dims=1)',
      () => torch.tensordot(ones(2, 3), ones(3, 2), { dims: 1 }),
    ],
    [
      'torch.tensordot(torch.ones(2, 3), torch.ones(3, 2), dims=-1)',
      () => torch.tensordot(ones(2, 3), ones(3, 2), { dims: -1 }),
    ],
    [
      'torch.tensordot(torch.ones(2, 3), torch.ones(3, 2), dims=3)',
      () => torch.tensordot(ones(2, 3), ones(3, 2), { dims: 3 }),
    ],
    [
      'torch.tensordot(torch.ones(2, 3), torch.ones(2, 3), dims=([0], [0]))',
      () => torch.tensordot(ones(2, 3), ones(2, 3), { dims: [[0], [0]] }),
    ],
    [
      "torch.cdist(torch.ones(2, 3), torch.zeros(2, 3), compute_mode='donot_use_mm_for_euclid_dist')",
      () => torch.cdist(ones(2, 3), zeros(2, 3), { compute_mode: 'donot_use_mm_for_euclid_dist' }),
    ],
    [
      "torch.cdist(torch.ones(2, 3), torch.zeros(2, 3), compute_mode='other')",
      () => torch.cdist(ones(2, 3), zeros(2, 3), { compute_mode: 'other' as never }),
    ],
  ],
  'methods of several forms': [
    ["torch.ones(2, 2).norm('nuc')", () => ones(2, 2).norm('nuc')],
    ["torch.ones(2, 2).norm('fro', dim=(0, 1))", () => ones(2, 2).norm('fro', { dim: [0, 1] })],
    [
      "torch.ones(2, 2, 2).norm('nuc', dim=(0, 1))",
      () => ones(2, 2, 2).norm('nuc', { dim: [0, 1] }),
    ],
    ['torch.ones(2, 2).norm(1, 0)', () => ones(2, 2).norm(1, 0)],
    ['torch.ones(2, 2).norm(None)', () => ones(2, 2).norm(null as never)],
    ["torch.ones(2, 2).norm('other')", () => ones(2, 2).norm('other' as never)],
    ['torch.arange(5).split(torch.tensor(2))', () => arange(5).split(tensor(2) as never)],
    ['torch.arange(5).split([2, 3])', () => arange(5).split([2, 3])],
    [
      'torch.tensor([3, 1, 3]).unique(return_inverse=True, return_counts=True)',
      () => int(3, 1, 3).unique({ return_inverse: true, return_counts: true }),
    ],
    [
      'torch.tensor([3, 1, 3]).unique(return_counts=True)',
      () => int(3, 1, 3).unique({ return_counts: true }),
    ],
    [
      'torch.tensor([3, 1, 3]).unique(return_inverse=True)',
      () => int(3, 1, 3).unique({ return_inverse: true }),
    ],
    [
      'torch.tensor([[3, 1], [3, 1]]).unique(dim=0)',
      () =>
        tensor([
          [3, 1],
          [3, 1],
        ]).unique({ dim: 0 }),
    ],
    [
      'torch.tensor([3, 3, 1]).unique_consecutive(return_counts=True)',
      () => int(3, 3, 1).unique_consecutive({ return_counts: true }),
    ],
    ['torch.arange(6).unflatten(0, (2, 3))', () => arange(6).unflatten(0, [2, 3])],
    ['torch.arange(6).unflatten(0, ())', () => arange(6).unflatten(0, [])],
    [
      'torch.tensor([[1, 0], [0, 2]]).nonzero(as_tuple=True)',
      () =>
        tensor([
          [1, 0],
          [0, 2],
        ]).nonzero({ as_tuple: true } as never),
    ],
    ["torch.ones(2).type('torch.DoubleTensor')", () => ones(2).type('torch.DoubleTensor')],
    ["torch.ones(2).type('torch.OtherTensor')", () => ones(2).type('torch.OtherTensor')],
    ['torch.ones(2).type(torch.int8)', () => ones(2).type(torch.int8)],
    ['torch.ones(2, dtype=torch.uint16).type()', () => ones(2, { dtype: torch.uint16 }).type()],
    ["torch.ones(2, device='meta').type()", () => ones(2, { device: 'meta' }).type()],
    ['torch.ones(2).to(torch.float8_e5m2).type()', () => ones(2).to(torch.float8_e5m2).type()],
    [
      'torch.ones(2).type_as(torch.ones(1, dtype=torch.int8))',
      () => ones(2).type_as(ones(1, { dtype: torch.int8 })),
    ],
    [
      'torch.ones(2).to(torch.ones(1, dtype=torch.float64), copy=True)',
      () => ones(2).to(ones(1, { dtype: torch.float64 }), { copy: true }),
    ],
    ["torch.ones(2).cuda('cpu')", () => ones(2).cuda('cpu')],
    ['torch.ones(2).to(-1)', () => ones(2).to(-1)],
    ["torch.device('cpu', -1)", () => torch.device('cpu', -1)],
    ["torch.device('cpu', 1.5)", () => torch.device('cpu', 1.5)],
    ['torch.device(None)', () => torch.device(null as never)],
    ["str(torch.device(torch.device('meta')))", () => String(torch.device(torch.device('meta')))],
    ['torch.tensor([1+2j]).real', () => tensor([{ re: 1, im: 2 }]).real],
    ['torch.ones(2).real', () => ones(2).real],
    ...(
      [
        ['None', null],
        ['5', 5],
        ['5.5', 5.5],
        ['2**70', 2n ** 70n],
        ["'a'", 'a'],
        ['True', true],
        ['[1]', [1]],
        ['{}', {}],
      ] as const
    ).map(
      ([python, value]): Corner => [
        `F.linear(${python}, torch.ones(2))`,
        () => F.linear(value as never, ones(2)),
      ],
    ),
  ],
});
