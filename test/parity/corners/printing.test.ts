/** Printing of rare tensors and numbers. */
import torch, { nn, type Tensor } from 'torch-losses';

import { type Corner, describeCorners, int, text } from './corners';

const { tensor, zeros, ones } = torch;
const F = nn.functional;

/** Conversions that are operators, not methods. */
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

describeCorners({
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
    // A view that was made without gradients, and whose base was changed with gradients.
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
});
