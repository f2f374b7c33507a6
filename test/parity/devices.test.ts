/** Devices and CUDA without a GPU: with a CPU build of libtorch, or a CUDA build without a driver. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { native } from '../../dist/bindings/native';
import { itWhereThere } from '../support/versions';
import { expectSample } from './parity';

const { cuda, backends, accelerator } = torch;
const x = torch.ones(2, { dtype: torch.float32 });
const layer = new nn.Linear(2, 2);
const weighted = new nn.CrossEntropyLoss({ weight: x });

type Row = readonly [python: string, ours: () => unknown];

/** Calls with the same result for every libtorch, in any state of the process. */
const ALWAYS: readonly Row[] = [
  ['torch.cuda.device_count()', () => cuda.device_count()],
  ['torch.cuda.is_available()', () => cuda.is_available()],
  ['torch.cuda.set_device(-1)', () => cuda.set_device(-1) ?? null],
  ["torch.cuda.set_device('cpu')", () => cuda.set_device('cpu')],
  ["torch.cuda.set_device('cuda')", () => cuda.set_device('cuda') ?? null],
  ['torch.cuda.current_device()', () => cuda.current_device()],
  ['torch.cuda.init()', () => cuda.init() ?? null],
  ['torch.cuda.get_device_name()', () => cuda.get_device_name()],
  ['torch.cuda.get_device_name(0)', () => cuda.get_device_name(0)],
  ['torch.cuda.get_device_capability()', () => cuda.get_device_capability()],
  ['torch.cuda.can_device_access_peer(0, 1)', () => cuda.can_device_access_peer(0, 1)],
  ['torch.cuda.is_bf16_supported()', () => cuda.is_bf16_supported()],
  ['torch.cuda.synchronize()', () => cuda.synchronize() ?? null],
  ['torch.cuda.empty_cache()', () => cuda.empty_cache() ?? null],
  ['torch.cuda.manual_seed(1)', () => cuda.manual_seed(1) ?? null],
  ['torch.cuda.manual_seed_all(1)', () => cuda.manual_seed_all(1) ?? null],
  ['torch.cuda.current_stream()', () => cuda.current_stream()],
  ['torch.cuda.default_stream()', () => cuda.default_stream()],
  ['x.cuda()', () => x.cuda()],
  ['x.cuda(0)', () => x.cuda(0)],
  ['x.cuda(-1)', () => x.cuda(-1)],
  ["x.cuda('cpu')", () => x.cuda('cpu')],
  ["x.to('cuda')", () => x.to('cuda')],
  ["x.to('cuda:99')", () => x.to('cuda:99')],
  ["x.to(torch.device('cuda', 1))", () => x.to(torch.device('cuda', 1))],
  ['x.to(0)', () => x.to(0)],
  ["x.to('cuda', torch.float64)", () => x.to('cuda', torch.float64)],
  ["x.to('nonsense')", () => x.to('nonsense')],
  ["x.to('xpu')", () => x.to('xpu')],
  ["x.to('cpu').device", () => x.to('cpu').device.name],
  ['x.cpu() is x', () => x.cpu() === x],
  ['x.get_device()', () => x.get_device()],
  ['x.is_cuda', () => x.is_cuda],
  ["torch.ones(2, device='cuda')", () => torch.ones(2, { device: 'cuda' })],
  ['torch.ones(2, device=0)', () => torch.ones(2, { device: 0 })],
  ["torch.tensor([1.5], device='cuda:3')", () => torch.tensor([1.5], { device: 'cuda:3' })],
  ['torch.tensor([1.5], device=0)', () => torch.tensor([1.5], { device: 0 })],
  ["torch.as_tensor([1.5], device='cuda')", () => torch.as_tensor([1.5], { device: 'cuda' })],
  ["torch.randn(2, device='cuda')", () => torch.randn(2, { device: 'cuda' })],
  ["torch.arange(3, device='cuda')", () => torch.arange(3, { device: 'cuda' })],
  ["torch.zeros_like(x, device='cuda')", () => torch.zeros_like(x, { device: 'cuda' })],
  ["x.new_zeros(2, device='cuda')", () => x.new_zeros(2, { device: 'cuda' })],
  ["x.new_tensor([2.5], device='cuda')", () => x.new_tensor([2.5], { device: 'cuda' })],
  [
    "torch.zeros(2, device='meta').device.type",
    () => torch.zeros(2, { device: 'meta' }).device.type,
  ],
  ['x.is_pinned()', () => x.is_pinned()],
  ['x.pin_memory()', () => x.pin_memory()],
  [
    'torch.ones(2, pin_memory=False).is_pinned()',
    () => torch.ones(2, { pin_memory: false }).is_pinned(),
  ],
  ['torch.ones(2, pin_memory=True)', () => torch.ones(2, { pin_memory: true })],
  ['torch.tensor([1.5], pin_memory=True)', () => torch.tensor([1.5], { pin_memory: true })],
  ['layer.cuda()', () => layer.cuda()],
  ['layer.cuda(0)', () => layer.cuda(0)],
  ["layer.to('cuda')", () => layer.to('cuda')],
  ['layer.cpu() is layer', () => layer.cpu() === layer],
  ["nn.Linear(2, 2, device='cuda')", () => new nn.Linear(2, 2, { device: 'cuda' })],
  ['str(nn.CrossEntropyLoss().cuda())', () => String(new nn.CrossEntropyLoss().cuda())],
  ['weighted.cuda()', () => weighted.cuda()],
  ["weighted.to('cuda:0')", () => weighted.to('cuda:0')],
  ["str(torch.device('cuda'))", () => String(torch.device('cuda'))],
  ["str(torch.device('cuda', 1))", () => String(torch.device('cuda', 1))],
  ["torch.device('cuda', -1)", () => torch.device('cuda', -1)],
  ["torch.device('cuda:-1')", () => torch.device('cuda:-1')],
  ["torch.device('foo')", () => torch.device('foo')],
  ['str(torch.device(0))', () => String(torch.device(0))],
  ['torch.accelerator.is_available()', () => accelerator.is_available()],
  ['torch.accelerator.device_count()', () => accelerator.device_count()],
  [
    'torch.accelerator.current_accelerator() is None',
    () => accelerator.current_accelerator() === null,
  ],
  [
    'torch.accelerator.current_accelerator(check_available=True)',
    () => accelerator.current_accelerator({ check_available: true }),
  ],
  ['torch.accelerator.current_device_index()', () => accelerator.current_device_index()],
  ['torch.accelerator.set_device_index(0)', () => accelerator.set_device_index(0) ?? null],
  ['torch.accelerator.current_stream()', () => accelerator.current_stream()],
  ["torch.accelerator.current_stream('cpu')", () => accelerator.current_stream('cpu')],
  ['torch.accelerator.synchronize()', () => accelerator.synchronize() ?? null],
  ["torch.accelerator.synchronize('cpu')", () => accelerator.synchronize('cpu')],
  ["torch.accelerator.set_device_index('cpu')", () => accelerator.set_device_index('cpu')],
  ['torch.accelerator.empty_cache()', () => accelerator.empty_cache() ?? null],
  ['torch.version.cuda', () => torch.version.cuda],
  ['torch.version.hip', () => torch.version.hip],
  ['torch.version.debug', () => torch.version.debug],
  ['torch.version.git_version', () => torch.version.git_version],
  ['torch.version.__version__', () => torch.version.__version__],
  ['torch.backends.cuda.is_built()', () => backends.cuda.is_built()],
  ['torch.backends.cudnn.is_available()', () => backends.cudnn.is_available()],
  ['torch.backends.mkl.is_available()', () => backends.mkl.is_available()],
  ['torch.backends.mkldnn.is_available()', () => backends.mkldnn.is_available()],
  ['torch.backends.openmp.is_available()', () => backends.openmp.is_available()],
  ['torch.backends.cpu.get_cpu_capability()', () => backends.cpu.get_cpu_capability()],
];

/** Calls that depend on the state of the process, or return an object of the language, if there is a device. */
const WITHOUT_DEVICE: readonly Row[] = [
  ['torch.cuda.get_device_properties(0)', () => cuda.get_device_properties(0)],
  ['torch.cuda.is_initialized()', () => cuda.is_initialized()],
  ['torch.cuda.memory_allocated()', () => cuda.memory_allocated()],
  ['torch.cuda.memory_reserved()', () => cuda.memory_reserved()],
  ['torch.cuda.max_memory_allocated()', () => cuda.max_memory_allocated()],
  ['torch.cuda.max_memory_reserved()', () => cuda.max_memory_reserved()],
  ['list(torch.cuda.memory_stats())', () => Object.keys(cuda.memory_stats())],
  ['torch.cuda.mem_get_info()', () => cuda.mem_get_info()],
  ['torch.accelerator.memory_allocated()', () => accelerator.memory_allocated()],
  ['torch.accelerator.get_memory_info()', () => accelerator.get_memory_info()],
];

/**
 * Calls whose result depends on whether libtorch_cuda is loaded. Python always loads it; the addon only with a driver.
 */
const CPU_BUILD: readonly Row[] = [
  ['torch.cuda.Stream()', () => new cuda.Stream()],
  ['torch.cuda.Event()', () => new cuda.Event()],
  ["torch.Generator('cuda')", () => new torch.Generator({ device: 'cuda' })],
  ['torch.backends.cudnn.version()', () => backends.cudnn.version()],
];

const SETUP = `
x = torch.ones(2); layer = nn.Linear(2, 2); weighted = nn.CrossEntropyLoss(weight=x)
`;

describe('parity: devices', () => {
  const rows = [
    ...ALWAYS,
    ...(cuda.is_available() ? [] : WITHOUT_DEVICE),
    ...(backends.cuda.is_built() ? [] : CPU_BUILD),
  ];
  for (const [python, ours] of rows) {
    it(python, () =>
      expectSample({ source: `${SETUP}r = ${python}`, outputs: ['r'] }, () => [ours()]),
    );
  }

  it('flags are what Python says they are, and what they are set to', () =>
    expectSample(
      {
        source: `
b = torch.backends
def flags(): return [b.cudnn.enabled, b.cudnn.deterministic, b.cudnn.benchmark, b.cudnn.allow_tf32, b.cuda.matmul.allow_tf32, b.cuda.matmul.allow_fp16_reduced_precision_reduction, b.cuda.matmul.allow_bf16_reduced_precision_reduction, torch.get_float32_matmul_precision(), torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()]
def change(on):
    b.cudnn.enabled = not on; b.cudnn.deterministic = on; b.cudnn.benchmark = on; b.cudnn.allow_tf32 = not on
    b.cuda.matmul.allow_fp16_reduced_precision_reduction = not on; b.cuda.matmul.allow_bf16_reduced_precision_reduction = not on
    b.cuda.matmul.allow_tf32 = on
    torch.use_deterministic_algorithms(on, warn_only=on)
before = flags(); change(True); during = flags(); change(False); after = flags()
torch.set_float32_matmul_precision('high'); high = torch.get_float32_matmul_precision(); torch.set_float32_matmul_precision('highest')`,
        outputs: ['before', 'during', 'after', 'high'],
      },
      () => {
        const { cudnn, cuda: ofCuda } = backends;
        const flags = (): unknown[] => [
          cudnn.enabled,
          cudnn.deterministic,
          cudnn.benchmark,
          cudnn.allow_tf32,
          ofCuda.matmul.allow_tf32,
          ofCuda.matmul.allow_fp16_reduced_precision_reduction,
          ofCuda.matmul.allow_bf16_reduced_precision_reduction,
          torch.get_float32_matmul_precision(),
          torch.are_deterministic_algorithms_enabled(),
          torch.is_deterministic_algorithms_warn_only_enabled(),
        ];
        const change = (on: boolean): void => {
          cudnn.enabled = !on;
          cudnn.deterministic = on;
          cudnn.benchmark = on;
          cudnn.allow_tf32 = !on;
          ofCuda.matmul.allow_fp16_reduced_precision_reduction = !on;
          ofCuda.matmul.allow_bf16_reduced_precision_reduction = !on;
          ofCuda.matmul.allow_tf32 = on;
          torch.use_deterministic_algorithms(on, { warn_only: on });
        };
        const states = [flags()];
        for (const on of [true, false]) {
          change(on);
          states.push(flags());
        }
        torch.set_float32_matmul_precision('high');
        const high = torch.get_float32_matmul_precision();
        torch.set_float32_matmul_precision('highest');
        return [...states, high];
      },
    ));
});

describe('parity: class indices that are checked before', () => {
  const scores = torch.randn(3, 5);
  const F = nn.functional;
  const longs = (...values: number[]): Tensor => torch.tensor(values);
  const SCORES = 'x = torch.randn(3, 5); y = torch.randn(5); z = torch.randn(2, 5, 3)\n';
  const [one, spatial] = [torch.randn(5), torch.randn(2, 5, 3)];

  const ROWS: readonly Row[] = [
    ['F.cross_entropy(x, torch.tensor([0, 7, 9]))', () => F.cross_entropy(scores, longs(0, 7, 9))],
    [
      'F.cross_entropy(x, torch.tensor([0, -3, 9]))',
      () => F.cross_entropy(scores, longs(0, -3, 9)),
    ],
    [
      'F.cross_entropy(x, torch.tensor([0, -100, 9]))',
      () => F.cross_entropy(scores, longs(0, -100, 9)),
    ],
    [
      'F.cross_entropy(x, torch.tensor([0, 9, 7]), ignore_index=9)',
      () => F.cross_entropy(scores, longs(0, 9, 7), { ignore_index: 9 }),
    ],
    [
      'F.cross_entropy(x, torch.tensor([0, 7, 1]), label_smoothing=0.1)',
      () => F.cross_entropy(scores, longs(0, 7, 1), { label_smoothing: 0.1 }),
    ],
    [
      'F.cross_entropy(x, torch.tensor([0, 7, 9], dtype=torch.uint8))',
      () => F.cross_entropy(scores, longs(0, 7, 9).byte()),
    ],
    [
      'F.cross_entropy(x, torch.tensor([0, 7, 9], dtype=torch.int32))',
      () => F.cross_entropy(scores, longs(0, 7, 9).int()),
    ],
    ['F.cross_entropy(x, torch.tensor([0, 9]))', () => F.cross_entropy(scores, longs(0, 9))],
    ['F.cross_entropy(y, torch.tensor(9))', () => F.cross_entropy(one, torch.tensor(9))],
    [
      'F.cross_entropy(z, torch.tensor([[0, 1, 2], [3, 4, 5]]))',
      () =>
        F.cross_entropy(
          spatial,
          torch.tensor([
            [0, 1, 2],
            [3, 4, 5],
          ]),
        ),
    ],
    ['F.nll_loss(x, torch.tensor([0, 7, 9]))', () => F.nll_loss(scores, longs(0, 7, 9))],
    [
      'F.multi_margin_loss(x, torch.tensor([0, 7, 9]))',
      () => F.multi_margin_loss(scores, longs(0, 7, 9)),
    ],
    [
      'F.multi_margin_loss(x, torch.tensor([0, -1, 1]))',
      () => F.multi_margin_loss(scores, longs(0, -1, 1)),
    ],
    [
      'F.multilabel_margin_loss(y, torch.tensor([0, 1, -1, 9, 9]))',
      () => F.multilabel_margin_loss(one, longs(0, 1, -1, 9, 9)),
    ],
    [
      'F.multilabel_margin_loss(y, torch.tensor([0, 1, -2, 3, 3]))',
      () => F.multilabel_margin_loss(one, longs(0, 1, -2, 3, 3)),
    ],
    [
      'F.linear_cross_entropy(x, torch.randn(4, 5), torch.tensor([0, 1, 9]))',
      () => F.linear_cross_entropy(scores, torch.randn(4, 5), longs(0, 1, 9)),
    ],
  ];
  /** Losses whose CUDA kernels check their arguments on the host. */
  const KERNELS = new Set(
    ROWS.map(([python]) => python).filter((python) => /int32|\[0, 9\]\)/.test(python)),
  );
  for (const [python, ours] of ROWS) {
    itWhereThere(`${python} throws what the CPU's kernel throws`, () =>
      expectSample({ source: SCORES + python, outputs: [] }, () => {
        native.set_check_targets(2); // CPU tensors too
        try {
          ours();
        } catch (error) {
          const { backtrace = '' } = error as { backtrace?: string };
          expect(backtrace.includes('targets.cc'), 'who threw').to.equal(!KERNELS.has(python));
          throw error;
        } finally {
          native.set_check_targets(0);
        }
        return [];
      }),
    );
  }
});
