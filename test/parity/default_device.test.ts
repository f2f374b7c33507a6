/** The default device: the functions that use it, and those that use the device of their tensor. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { describeCuda } from '../cuda/gpu';
import { expectSample } from './parity';

type Row = readonly [python: string, ours: () => unknown];

const x = torch.tensor([1.5, 2]);
const at = ({ device }: torch.Tensor): string => String(device);

/** Calls that use the default device, and calls that do not. */
const ROWS: readonly Row[] = [
  ['torch.get_default_device()', () => torch.get_default_device()],
  ['torch.zeros(2).device', () => at(torch.zeros(2))],
  ['torch.zeros(2, device=None).device', () => at(torch.zeros(2, { device: null }))],
  ["torch.zeros(2, device='cpu').device", () => at(torch.zeros(2, { device: 'cpu' }))],
  ['torch.ones([2], dtype=torch.int32).device', () => at(torch.ones([2], { dtype: torch.int32 }))],
  ['torch.empty(2, 3).device', () => at(torch.empty(2, 3))],
  ['torch.full([2], 7).device', () => at(torch.full([2], 7))],
  ['torch.full([2], 1+2j).device', () => at(torch.full([2], { re: 1, im: 2 }))],
  ['torch.empty_strided([2], [1]).device', () => at(torch.empty_strided([2], [1]))],
  ['torch.scalar_tensor(2.5).device', () => at(torch.scalar_tensor(2.5))],
  ['torch.arange(3).device', () => at(torch.arange(3))],
  ['torch.linspace(0, 1, 3).device', () => at(torch.linspace(0, 1, 3))],
  ['torch.logspace(0, 1, 3).device', () => at(torch.logspace(0, 1, 3))],
  ['torch.eye(2).device', () => at(torch.eye(2))],
  ['torch.rand(2).device', () => at(torch.rand(2))],
  ['torch.randn(2, requires_grad=True).device', () => at(torch.randn(2, { requires_grad: true }))],
  ['torch.randint(3, [2]).device', () => at(torch.randint(3, [2]))],
  ['torch.tensor([1.5]).device', () => at(torch.tensor([1.5]))],
  ["torch.tensor([1.5], device='cpu').device", () => at(torch.tensor([1.5], { device: 'cpu' }))],
  ['torch.as_tensor([1]).device', () => at(torch.as_tensor([1]))],
  ['torch.as_tensor(x).device', () => at(torch.as_tensor(x))],
  ['torch.zeros_like(x).device', () => at(torch.zeros_like(x))],
  ['torch.randint_like(x, 3).device', () => at(torch.randint_like(x, 3))],
  ['x.new_zeros(2).device', () => at(x.new_zeros(2))],
  ['x.new_tensor([1]).device', () => at(x.new_tensor([1]))],
  ['torch.normal(0., 1., [2]).device', () => at(torch.normal(0, 1, [2]))],
  ['torch.FloatTensor(2).device', () => at(torch.FloatTensor(2))],
  ['torch.FloatTensor([2]).device', () => at(torch.FloatTensor([2]))],
  [
    'torch.frombuffer(bytearray(8), dtype=torch.float32).device',
    () => at(torch.frombuffer(new ArrayBuffer(8), { dtype: torch.float32 })),
  ],
  ['nn.Linear(2, 2).weight.device', () => at(new nn.Linear(2, 2).weight)],
  [
    "nn.Linear(2, 2, device='cpu').weight.device",
    () => at(new nn.Linear(2, 2, { device: 'cpu' }).weight),
  ],
  ['nn.Embedding(2, 2).weight.device', () => at(new nn.Embedding(2, 2).weight)],
  ['nn.Parameter().device', () => at(new nn.Parameter())],
  ['nn.utils.clip_grad_norm_([], 1.0).device', () => at(nn.utils.clip_grad_norm_([], 1))],
];

/** Calls for which the meta device has no kernels in C++. */
const ON_DEVICES: readonly Row[] = [
  ['torch.tril_indices(2, 2).device', () => at(torch.tril_indices(2, 2))],
  ['torch.triu_indices(2, 2).device', () => at(torch.triu_indices(2, 2))],
  ['torch.randperm(3).device', () => at(torch.randperm(3))],
];

function compared(device: string, rows = ROWS): void {
  for (const [python, ours] of rows) {
    it(`${python} with torch.device('${device}')`, () =>
      expectSample(
        {
          source: `
x = torch.tensor([1.5, 2.])
with torch.device('${device}'): r = str(${python})`,
          outputs: ['r'],
        },
        () => [String(torch.device(device, ours))],
      ));
  }
}

describe('parity: the default device', () => {
  compared('meta');

  afterEach(() => torch.set_default_device(null));

  const SET: readonly Row[] = [
    ["'meta'", () => torch.set_default_device('meta')],
    ["torch.device('cpu', 0)", () => torch.set_default_device(torch.device('cpu', 0))],
    ['None', () => torch.set_default_device(null)],
    ["'foo'", () => torch.set_default_device('foo')],
    ["'cuda'", () => torch.set_default_device('cuda')],
    ['0', () => torch.set_default_device(0)],
  ];
  for (const [python, ours] of SET) {
    it(`is set to ${python}`, () =>
      expectSample(
        {
          source: `
try:
    torch.set_default_device(${python})
    r = [str(torch.get_default_device()), str(torch.zeros(2).device)]
finally: torch.set_default_device(None)`,
          outputs: ['r'],
        },
        () => {
          ours();
          return [[String(torch.get_default_device()), at(torch.zeros(2))]];
        },
      ));
  }

  it('ends with its function, after an error too, and takes a synchronous one', () => {
    torch.set_default_device('meta');
    const inner = torch.device('cpu', () => [
      at(torch.zeros(1)),
      torch.device('meta', () => at(torch.ones(1))),
    ]);
    expect(inner).to.deep.equal(['cpu', 'meta']);
    expect(() =>
      torch.device('cpu', () => {
        throw new RangeError('stop');
      }),
    ).to.throw(RangeError, 'stop');
    expect(() => torch.device('cpu', async () => 1)).to.throw(TypeError, 'must be synchronous');
    expect(at(torch.zeros(1))).to.equal('meta');
    expect(() => torch.set_default_device(1.5)).to.throw(TypeError, 'an integer');
    expect(() => torch.device('nonsense', () => 1)).to.throw(torch.TorchError, 'Expected one of');
  });
});

describeCuda('the default device', () => {
  compared('cuda', [...ROWS, ...ON_DEVICES]);
});
