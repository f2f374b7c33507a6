/**
 * Calls off the beaten track against Python: what they return, as it prints, and what they refuse. For what the
 * generated cases do not come to: rare types, layouts, forms of arguments.
 */
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { rowsThere } from '../support/versions';
import { expectSample } from './parity';

/** An expression in Python, and the same here. */
type Corner = readonly [python: string, here: () => unknown];

/** Python's answer as text; the classes of whose errors' texts are our own say no more than their name. */
const PYTHON = `
def show(value):
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return '[' + ', '.join(show(item) for item in value) + ']'
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict):
        return '{' + ', '.join(f'{key}: {show(item)}' for key, item in value.items()) + '}'
    return str(value) if isinstance(value, torch.dtype) else repr(value)

def attempt(call):
    try:
        return show(call())
    except (TypeError, AttributeError) as error:
        return type(error).__name__
    except Exception as error:
        return f'{type(error).__name__.lstrip("_")}: {error}'

def after(change, *values):
    change(*values)
    return values[0] if len(values) == 1 else values
`;

const show = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null || value === undefined) return 'None';
  if (Object.getPrototypeOf(value) === Object.prototype && !Object.hasOwn(value, 'toString')) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${show(item)}`)
      .join(', ')}}`;
  }
  return typeof value === 'string' ? `'${value}'` : String(value);
};

function attempt(call: () => unknown): string {
  try {
    return show(call());
  } catch (error) {
    const { pythonType, message } = error as { pythonType?: string; message: string };
    if (pythonType === 'TypeError' || pythonType === 'AttributeError') return pythonType;
    return `${pythonType}: ${message}`;
  }
}

/** Shown without quotes. */
const text = (shown: string): { toString(): string } => ({ toString: () => shown });

const after = <T extends unknown[]>(change: (...values: T) => unknown, ...values: T): unknown => {
  change(...values);
  return values.length === 1 ? values[0] : values;
};

const { tensor, arange, zeros, ones } = torch;
const F = nn.functional;
const int = (...numbers: number[]): Tensor => tensor(numbers);
const grid = (): Tensor => arange(6).reshape(2, 3);
const GRID = 'torch.arange(6).reshape(2, 3)';
/** Conversions that are operators here, and no methods. */
const sparse = torch.ops.aten as unknown as Record<
  | 'to_sparse'
  | 'to_dense'
  | 'to_sparse_csr'
  | 'to_sparse_csc'
  | 'to_sparse_bsr'
  | 'to_sparse_bsc'
  | 'to_mkldnn',
  (x: Tensor, ...sizes: unknown[]) => Tensor
>;
const coo = (dtype = torch.float32): Tensor =>
  sparse.to_sparse(
    tensor(
      [
        [0, 2],
        [3, 0],
      ],
      { dtype },
    ),
  );
const COO = (dtype = 'float32'): string =>
  `torch.tensor([[0, 2], [3, 0]], dtype=torch.${dtype}).to_sparse()`;

const CORNERS: Readonly<Record<string, readonly Corner[]>> = {
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
  'x.to of any arguments': conversions(),
  printing: [
    ["torch.ones(2, 2, device='meta')", () => ones(2, 2, { device: 'meta' })],
    [
      "torch.ones(2, device='meta', dtype=torch.float16, requires_grad=True)",
      () => ones(2, { device: 'meta', dtype: torch.float16, requires_grad: true }),
    ],
    [COO(), () => coo()],
    [COO('int16'), () => coo(torch.int16)],
    ['torch.zeros(2, 3).to_sparse()', () => sparse.to_sparse(zeros(2, 3))],
    [`${COO()}.to_dense().to_sparse_csr()`, () => sparse.to_sparse_csr(sparse.to_dense(coo()))],
    [`${COO()}.to_dense().to_sparse_csc()`, () => sparse.to_sparse_csc(sparse.to_dense(coo()))],
    ['torch.eye(4).to_sparse_bsr((2, 2))', () => sparse.to_sparse_bsr(torch.eye(4), [2, 2])],
    ['torch.eye(4).to_sparse_bsc((2, 2))', () => sparse.to_sparse_bsc(torch.eye(4), [2, 2])],
    [`${COO()}.to('meta')`, () => coo().to('meta')],
    [`${COO('float64')}.requires_grad_()`, () => coo(torch.float64).requires_grad_()],
    ['torch.ones(2, 3).to_mkldnn()', () => sparse.to_mkldnn(ones(2, 3))],
    ['torch.ones(3).to(torch.float8_e5m2)', () => ones(3).to(torch.float8_e5m2)],
    [
      'torch.tensor([1.5, -3]).to(torch.float8_e4m3fn)',
      () => tensor([1.5, -3]).to(torch.float8_e4m3fn),
    ],
    ['torch.ones(2).to(torch.float8_e5m2fnuz)', () => ones(2).to(torch.float8_e5m2fnuz)],
    ['torch.ones(2).to(torch.float8_e4m3fnuz)', () => ones(2).to(torch.float8_e4m3fnuz)],
    ['torch.ones(2).to(torch.float8_e8m0fnu)', () => ones(2).to(torch.float8_e8m0fnu)],
    [
      'torch._efficientzerotensor((2, 2))',
      () => (torch.ops.aten._efficientzerotensor as unknown as (size: number[]) => Tensor)([2, 2]),
    ],
    ['torch.tensor([1+2j, 3]).conj()', () => tensor([{ re: 1, im: 2 }, 3]).conj()],
    ['torch.tensor([1+2j, 3]).conj().imag', () => tensor([{ re: 1, im: 2 }, 3]).conj().imag],
    ['torch.tensor(7, dtype=torch.uint16)', () => tensor(7, { dtype: torch.uint16 })],
    [
      'torch.tensor([1e300, 1e-300], dtype=torch.float64)',
      () => tensor([1e300, 1e-300], { dtype: torch.float64 }),
    ],
  ],
  'print options': [
    [
      'after(lambda: torch.set_printoptions(precision=-1)) or repr(torch.tensor([1.5]))',
      () => {
        torch.set_printoptions({ precision: -1 });
        return text(String(tensor([1.5])));
      },
    ],
    [
      "after(lambda: torch.set_printoptions(profile='default', edgeitems=0, threshold=2)) or torch.ones(3)",
      () => {
        torch.set_printoptions({ profile: 'default', edgeitems: 0, threshold: 2 });
        return ones(3);
      },
    ],
    ['torch.ones(2)', () => ones(2)],
    ['torch.tensor(1)', () => tensor(1)],
    [
      "after(lambda: torch.set_printoptions(profile='default'))",
      () => {
        torch.set_printoptions({ profile: 'default' });
        return [];
      },
    ],
  ],
  'numbers in messages': [
    ...[
      ['-1e-7', -1e-7],
      ['-1e20', -1e20],
      ['-123456.75', -123456.75],
      ["-float('inf')", Number.NEGATIVE_INFINITY],
    ].map(
      ([python, margin]): Corner => [
        `F.triplet_margin_loss(torch.ones(1), torch.ones(1), torch.ones(1), margin=${python})`,
        () => F.triplet_margin_loss(ones(1), ones(1), ones(1), { margin: margin as number }),
      ],
    ),
    [
      'F.mse_loss(torch.ones(1), torch.ones(1), reduction="it\'s")',
      () => F.mse_loss(ones(1), ones(1), { reduction: "it's" as never }),
    ],
    ...["it's", 'a\nb', 'a\\b', '\'"'].map(
      (reduction): Corner => [
        `F.linear_cross_entropy(torch.ones(1, 2), torch.ones(2, 2), torch.tensor([0]), reduction=${JSON.stringify(reduction)}, options=nn.LinearCrossEntropyOptions())`,
        () =>
          F.linear_cross_entropy(ones(1, 2), ones(2, 2), int(0), {
            reduction: reduction as never,
            options: new nn.LinearCrossEntropyOptions(),
          }),
      ],
    ),
    [
      "F.linear_cross_entropy(torch.ones(1, 2), torch.ones(2, 2), torch.tensor([0]), label_smoothing=float('nan'), options=nn.LinearCrossEntropyOptions())",
      () =>
        F.linear_cross_entropy(ones(1, 2), ones(2, 2), int(0), {
          label_smoothing: Number.NaN,
          options: new nn.LinearCrossEntropyOptions(),
        }),
    ],
  ],
  'printing, rarer still': [
    [
      "after(lambda: torch.set_printoptions(profile='default'))",
      () => {
        torch.set_printoptions({ profile: 'default' });
        return [];
      },
    ],
    [
      'after(lambda: torch.set_default_dtype(torch.float64)) or [torch.tensor([1.5]), torch.tensor([1j]), torch.ones(1, dtype=torch.float32), torch.tensor([1j], dtype=torch.complex64)]',
      () => {
        torch.set_default_dtype(torch.float64);
        return [
          tensor([1.5]),
          tensor([{ re: 0, im: 1 }]),
          ones(1, { dtype: torch.float32 }),
          tensor([{ re: 0, im: 1 }], { dtype: torch.complex64 }),
        ];
      },
    ],
    [
      'after(lambda: torch.set_default_dtype(torch.float16)) or torch.tensor([1j]).dtype',
      () => {
        torch.set_default_dtype(torch.float16);
        return tensor([{ re: 0, im: 1 }]).dtype;
      },
    ],
    [
      'after(lambda: torch.set_default_dtype(torch.float32)) or torch.tensor([1.5]).dtype',
      () => {
        torch.set_default_dtype(torch.float32);
        return tensor([1.5]).dtype;
      },
    ],
    // A view made without gradients, and its base changed with them.
    [
      '(lambda x: (lambda v: after(lambda: x.mul_(2)) or v)(torch.no_grad()(lambda: x[:1])()))(torch.ones(2, requires_grad=True) * 1)',
      () => {
        const x = ones(2, { requires_grad: true }).mul(1);
        const view = torch.no_grad(() => x.index(torch.slice(1)));
        x.mul_(2);
        return view;
      },
    ],
  ],
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
  backward: [
    [
      'torch.ones(2, requires_grad=True).sum().backward([None])',
      () =>
        ones(2, { requires_grad: true })
          .sum()
          .backward([null] as never),
    ],
    [
      'torch.ones(2, requires_grad=True).sum().backward(3)',
      () =>
        ones(2, { requires_grad: true })
          .sum()
          .backward(3 as never),
    ],
    [
      'torch.ones(2, requires_grad=True).sum().backward(inputs=[])',
      () => ones(2, { requires_grad: true }).sum().backward({ inputs: [] }),
    ],
    [
      'torch.autograd.grad(torch.ones(2), torch.ones(2))',
      () => torch.autograd.grad(ones(2), ones(2)),
    ],
    [
      'torch.autograd.grad(torch.ones(2, requires_grad=True).mul(2), torch.ones(2), torch.ones(2))',
      () => torch.autograd.grad(ones(2, { requires_grad: true }).mul(2), ones(2), ones(2) as never),
    ],
    [
      'torch.autograd.grad(torch.ones(2, requires_grad=True).mul(2), torch.ones(2, requires_grad=True), torch.ones(2), materialize_grads=True)',
      () =>
        torch.autograd.grad(
          ones(2, { requires_grad: true }).mul(2),
          ones(2, { requires_grad: true }),
          { grad_outputs: ones(2), materialize_grads: true } as never,
        ),
    ],
    [
      'torch.autograd.grad(torch.ones(2, requires_grad=True).mul(2), torch.ones(2, requires_grad=True), torch.ones(2), allow_unused=True)',
      () =>
        torch.autograd.grad(
          ones(2, { requires_grad: true }).mul(2),
          ones(2, { requires_grad: true }),
          { grad_outputs: ones(2), allow_unused: true } as never,
        ),
    ],
    [
      'torch.ones(2, requires_grad=True).mul(2).backward(torch.ones(2, dtype=torch.complex64))',
      () =>
        ones(2, { requires_grad: true })
          .mul(2)
          .backward({ gradient: ones(2, { dtype: torch.complex64 }) }),
    ],
    [
      'torch.ones(2, requires_grad=True).mul(2).backward(torch.ones(3))',
      () =>
        ones(2, { requires_grad: true })
          .mul(2)
          .backward({ gradient: ones(3) }),
    ],
    [
      "after(lambda x: setattr(x, 'grad', x), torch.ones(2, requires_grad=True))",
      () =>
        after(
          (x: Tensor) => {
            x.grad = x;
          },
          ones(2, { requires_grad: true }),
        ),
    ],
    [
      "after(lambda x: setattr(x, 'grad', torch.ones(3)), torch.ones(2))",
      () =>
        after((x: Tensor) => {
          x.grad = ones(3);
        }, ones(2)),
    ],
    [
      "after(lambda x: setattr(x, 'grad', torch.ones(2, dtype=torch.float64)), torch.ones(2))",
      () =>
        after((x: Tensor) => {
          x.grad = ones(2, { dtype: torch.float64 });
        }, ones(2)),
    ],
    [
      "after(lambda x: setattr(x, 'grad', torch.ones(2, device='meta')), torch.ones(2))",
      () =>
        after((x: Tensor) => {
          x.grad = ones(2, { device: 'meta' });
        }, ones(2)),
    ],
    [
      "after(lambda x: setattr(x, 'requires_grad', False), torch.ones(2, requires_grad=True).mul(2))",
      () =>
        after(
          (x: Tensor) => {
            x.requires_grad = false;
          },
          ones(2, { requires_grad: true }).mul(2),
        ),
    ],
    [
      'torch.ones(2, requires_grad=True).mul(2).requires_grad_(False)',
      () => ones(2, { requires_grad: true }).mul(2).requires_grad_(false),
    ],
    [
      'torch.ones(2, dtype=torch.int64).requires_grad_()',
      () => ones(2, { dtype: torch.int64 }).requires_grad_(),
    ],
    [
      "after(lambda x: setattr(x, 'requires_grad', True), torch.ones(2, dtype=torch.int64))",
      () =>
        after(
          (x: Tensor) => {
            x.requires_grad = true;
          },
          ones(2, { dtype: torch.int64 }),
        ),
    ],
    // A sparse gradient meets a dense one, in either order.
    [
      'after(lambda w: (F.embedding(torch.tensor([0]), w, sparse=True).sum() + w.sum()).backward(), torch.ones(2, 2, requires_grad=True)).grad',
      () =>
        (
          after(
            (w: Tensor) => F.embedding(int(0), w, { sparse: true }).sum().add(w.sum()).backward(),
            ones(2, 2, { requires_grad: true }),
          ) as Tensor
        ).grad,
    ],
    [
      'after(lambda w: (w.sum() + F.embedding(torch.tensor([0]), w, sparse=True).sum()).backward(), torch.ones(2, 2, requires_grad=True)).grad',
      () =>
        (
          after(
            (w: Tensor) =>
              w
                .sum()
                .add(F.embedding(int(0), w, { sparse: true }).sum())
                .backward(),
            ones(2, 2, { requires_grad: true }),
          ) as Tensor
        ).grad,
    ],
  ],
  'what is no parameter': [
    ...(
      [
        ['5', 5],
        ['5.5', 5.5],
        ['2**70', 2n ** 70n],
        ["'a'", 'a'],
        ['True', true],
        ['[1]', [1]],
        ['{}', {}],
        ['torch.ones(2)', ones(2)],
        ['torch.ones(2, dtype=torch.int64)', ones(2, { dtype: torch.int64 })],
        ["torch.ones(2, device='meta')", ones(2, { device: 'meta' })],
        ['torch.ones(2).to(torch.float8_e5m2)', ones(2).to(torch.float8_e5m2)],
      ] as const
    ).flatMap(([python, value]): Corner[] => [
      [
        `nn.Linear(2, 1).register_parameter('extra', ${python})`,
        () => new nn.Linear(2, 1).register_parameter('extra', value as never),
      ],
      [
        `nn.Linear(2, 1).register_buffer('extra', ${python})`,
        () => new nn.Linear(2, 1).register_buffer('extra', value as never),
      ],
      [
        `nn.Linear(2, 1).add_module('extra', ${python})`,
        () => new nn.Linear(2, 1).add_module('extra', value as never),
      ],
    ]),
  ],
  'modules and optimizers': [
    [
      "nn.Linear(2, 1).load_state_dict({'weight': torch.ones(1, 2), 'other.x': torch.ones(1)}, strict=False)",
      () => {
        const { missing_keys, unexpected_keys } = new nn.Linear(2, 1).load_state_dict(
          { weight: ones(1, 2), 'other.x': ones(1) },
          { strict: false },
        );
        return [missing_keys, unexpected_keys];
      },
    ],
    [
      "nn.Linear(2, 1).load_state_dict({'weight': torch.ones(1, 2), 'bias': torch.ones(1, dtype=torch.complex64, device='meta')})",
      () =>
        new nn.Linear(2, 1).load_state_dict({
          weight: ones(1, 2),
          bias: ones(1, { dtype: torch.complex64, device: 'meta' }),
        }),
    ],
    [
      "after(lambda m: m.load_state_dict({'weight': nn.Parameter(torch.zeros(1, 2)), 'bias': torch.zeros(1)}, assign=True), nn.Linear(2, 1)).weight",
      () =>
        (
          after(
            (m: nn.Linear) =>
              m.load_state_dict(
                { weight: new nn.Parameter(zeros(1, 2)), bias: zeros(1) },
                { assign: true },
              ),
            new nn.Linear(2, 1),
          ) as nn.Linear
        ).weight,
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2], div_value=0.0)',
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2], { div_value: 0 }),
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(torch.ones(4), torch.ones(2, dtype=torch.int64))',
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(ones(4), ones(2, { dtype: torch.int64 })),
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(torch.ones(1, 2, 4), torch.ones(1, dtype=torch.int64))',
      () =>
        new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(
          ones(1, 2, 4),
          ones(1, { dtype: torch.int64 }),
        ),
    ],
    [
      "torch.optim.SGD([('a', torch.ones(1))], lr=1.0)",
      () => new optim.SGD([['a', ones(1)]] as never, { lr: 1 }),
    ],
  ],
  'states of optimizers and scalers': [
    ...(
      [
        ["{'state': {}, 'param_groups': []}", { state: {}, param_groups: [] }],
        [
          "{'state': {}, 'param_groups': [{'params': []}]}",
          { state: {}, param_groups: [{ params: [] }] },
        ],
      ] as const
    ).map(
      ([python, state]): Corner => [
        `torch.optim.SGD([torch.ones(1)], lr=1.0).load_state_dict(${python})`,
        () => new optim.SGD([ones(1)], { lr: 1 }).load_state_dict(state as never),
      ],
    ),
    [
      "after(lambda o: o.load_state_dict({'state': {0: {'momentum_buffer': torch.ones(1, dtype=torch.float64), 'step': torch.tensor(1), 'more': [torch.ones(1, dtype=torch.int8)]}}, 'param_groups': o.state_dict()['param_groups']}), torch.optim.SGD([torch.ones(1)], lr=1.0)).state_dict()['state']",
      () =>
        (
          after(
            (o: optim.SGD) =>
              o.load_state_dict({
                state: {
                  0: {
                    momentum_buffer: ones(1, { dtype: torch.float64 }),
                    step: tensor(1),
                    more: [ones(1, { dtype: torch.int8 })],
                  },
                },
                param_groups: o.state_dict().param_groups,
              } as never),
            new optim.SGD([ones(1)], { lr: 1 }),
          ) as optim.SGD
        ).state_dict().state,
    ],
    [
      "after(lambda o: o.load_state_dict({'state': {}, 'param_groups': o.state_dict()['param_groups']}), torch.optim.SGD([('a', torch.ones(1))], lr=1.0)).param_groups[0]['param_names']",
      () =>
        (
          after(
            (o: optim.SGD) =>
              o.load_state_dict({ state: {}, param_groups: o.state_dict().param_groups }),
            new optim.SGD([['a', ones(1)]] as never, { lr: 1 }),
          ) as optim.SGD
        ).param_groups[0]!.param_names,
    ],
    [
      "torch.optim.SGD([torch.ones(1)], lr=1.0).add_param_group({'params': [('a', torch.ones(1))]})",
      () =>
        new optim.SGD([ones(1)], { lr: 1 }).add_param_group({ params: [['a', ones(1)]] } as never),
    ],
    [
      "torch.optim.SGD([('a', torch.ones(1))], lr=1.0).add_param_group({'params': [torch.ones(1)]})",
      () =>
        new optim.SGD([['a', ones(1)]] as never, { lr: 1 }).add_param_group({
          params: [ones(1)],
        } as never),
    ],
    ...(
      [
        ['s.get_scale()', (s) => s.get_scale()],
        ['s.state_dict()', (s) => s.state_dict()],
        ['s.load_state_dict({})', (s) => s.load_state_dict({})],
        ['s.update()', (s) => s.update()],
        ['s.unscale_(o)', (s, o) => s.unscale_(o)],
        ['s.step(o)', (s, o) => s.step(o)],
        ['s.step(o, closure=lambda: 5)', (s, o) => s.step(o, () => 5)],
        ['s.scale(torch.ones(1))', (s) => s.scale(ones(1))],
      ] as const satisfies readonly (readonly [
        string,
        (s: torch.amp.GradScaler, o: optim.SGD) => unknown,
      ])[]
    ).flatMap(([python, call]): Corner[] =>
      [false, true].map((enabled) => [
        `(lambda s, o: ${python})(torch.amp.GradScaler('cpu', init_scale=4.0, enabled=${enabled ? 'True' : 'False'}), torch.optim.SGD([torch.ones(1)], lr=1.0))`,
        () =>
          call(
            new torch.amp.GradScaler('cpu', { init_scale: 4, enabled }),
            new optim.SGD([ones(1)], { lr: 1 }),
          ),
      ]),
    ),
  ],
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
    // A build with CUDA asks CUDA, and without a driver says what CUDA says.
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
};

/** `x.to` with up to three arguments and one keyword, right or wrong, of every kind that a parameter has. */
function conversions(): Corner[] {
  const values: [python: string, here: unknown][] = [
    ['None', null],
    ['True', true],
    ['torch.float64', torch.float64],
    ["'cpu'", 'cpu'],
    ['torch.ones(1, dtype=torch.int64)', ones(1, { dtype: torch.int64 })],
    ['[]', []],
  ];
  const lists = [[], ...values.map((value) => [value])];
  for (const list of lists) {
    if (list.length < 3) lists.push(...values.slice(0, 4).map((value) => [...list, value]));
  }
  const keywords = ['', 'device', 'dtype', 'non_blocking', 'copy', 'memory_format'];
  return lists.flatMap((list) =>
    // What stands for True as a dtype or device is Python's own.
    list[0]?.[1] === true
      ? []
      : keywords.flatMap((keyword) =>
          (keyword ? values.slice(0, 4) : values.slice(0, 1)).map(([python, here]): Corner => {
            const args = [
              ...list.map(([text]) => text),
              ...(keyword ? [`${keyword}=${python}`] : []),
            ];
            const given = [
              ...list.map(([, value]) => value),
              ...(keyword ? [{ [keyword]: here }] : []),
            ];
            return [
              `(lambda x: (lambda y: [y is x, y.dtype])(x.to(${args.join(', ')})))(torch.ones(2))`,
              () => {
                const x = ones(2);
                const y = (x.to as (...args: unknown[]) => Tensor)(...given);
                return [y === x, y.dtype];
              },
            ];
          }),
        ),
  );
}

describe('parity: corners', () => {
  for (const [what, corners] of Object.entries(CORNERS)) {
    it(what, function () {
      const rows = rowsThere(corners, ([python]) => python, this.test!);
      const calls = rows.map(([python]) => `attempt(lambda: ${python})`);
      const source = `${PYTHON}\ntexts = [${calls.join(', ')}]`;
      return expectSample({ source, outputs: ['texts'], seed: 0 }, () => [
        rows.map(([, here]) => attempt(here)),
      ]);
    });
  }
});
