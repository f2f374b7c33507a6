/**
 * `torch.cuda` and `torch.accelerator`, compared with Python function by function, with each kind of argument, with and
 * without devices.
 */
import { expect } from 'chai';
import torch from 'torch-losses';

import { expectSample } from './parity';

const { cuda, backends, accelerator } = torch;
const x = torch.ones(2);
const cpu = new torch.Stream('cpu');

type Row = readonly [python: string, ours: () => unknown];

/** Defines `use`, which enters and leaves one of Python's context managers. */
const SETUP = `
x = torch.ones(2)
def use(manager):
    with manager: return None
`;

/** Calls with the same result for every libtorch, in any state of the process. */
const ALWAYS: readonly Row[] = [
  ['torch.cuda.set_device(None)', () => cuda.set_device(null as never)],
  ["torch.cuda.set_device(torch.device('cuda'))", () => cuda.set_device(torch.device('cuda'))],
  ["torch.cuda.set_device('nonsense')", () => cuda.set_device('nonsense')],
  ['use(torch.cuda.device(0))', () => cuda.device(0, () => null)],
  ["use(torch.cuda.device('cuda:1'))", () => cuda.device('cuda:1', () => null)],
  ['use(torch.cuda.device(-1))', () => cuda.device(-1, () => null)],
  ["use(torch.cuda.device('cpu'))", () => cuda.device('cpu', () => null)],
  ['use(torch.cuda.device_of(x))', () => cuda.device_of(x, () => null)],
  ['torch.cuda.is_bf16_supported(False)', () => cuda.is_bf16_supported(false)],
  ['torch.cuda.is_tf32_supported()', () => cuda.is_tf32_supported()],
  ['torch.cuda.get_arch_list()', () => cuda.get_arch_list()],
  ['torch.cuda.get_gencode_flags()', () => cuda.get_gencode_flags()],
  ["torch.cuda.get_device_name('cpu')", () => cuda.get_device_name('cpu')],
  ['torch.cuda.get_device_name(99)', () => cuda.get_device_name(99)],
  ["torch.cuda.can_device_access_peer('cpu', 0)", () => cuda.can_device_access_peer('cpu', 0)],
  ['torch.cuda.can_device_access_peer(0, 99)', () => cuda.can_device_access_peer(0, 99)],
  ['torch.cuda.synchronize(-1)', () => cuda.synchronize(-1) ?? null],
  ["torch.cuda.synchronize('cuda:0')", () => cuda.synchronize('cuda:0') ?? null],
  ["torch.cuda.synchronize('cpu')", () => cuda.synchronize('cpu')],
  ["torch.cuda.reset_peak_memory_stats('cpu')", () => cuda.reset_peak_memory_stats('cpu') ?? null],
  [
    "torch.cuda.reset_accumulated_memory_stats('cpu')",
    () => cuda.reset_accumulated_memory_stats('cpu') ?? null,
  ],
  ["torch.cuda.memory_summary('cpu')", () => cuda.memory_summary('cpu')],
  ["torch.cuda.mem_get_info('cpu')", () => cuda.mem_get_info('cpu')],
  ["torch.cuda.current_stream('cpu')", () => cuda.current_stream('cpu')],
  ['str(torch.cuda.default_stream(0))', () => String(cuda.default_stream(0))],
  ['torch.cuda.set_stream(None)', () => cuda.set_stream(null) ?? null],
  ['use(torch.cuda.stream(None))', () => cuda.stream(null, () => null)],
  ['torch.accelerator.current_accelerator(True)', () => accelerator.current_accelerator(true)],
  ['torch.accelerator.set_device_index(-1)', () => accelerator.set_device_index(-1) ?? null],
  ['torch.accelerator.set_device_index(None)', () => accelerator.set_device_index(null as never)],
  ["torch.accelerator.set_device_index('cuda')", () => accelerator.set_device_index('cuda')],
  ["torch.accelerator.set_device_index('foo')", () => accelerator.set_device_index('foo')],
  ['str(torch.accelerator.current_stream(0))', () => String(accelerator.current_stream(0))],
  [
    "str(torch.accelerator.current_stream('cuda'))",
    () => String(accelerator.current_stream('cuda')),
  ],
  ['torch.accelerator.synchronize(0)', () => accelerator.synchronize(0) ?? null],
  ["torch.accelerator.synchronize('cuda')", () => accelerator.synchronize('cuda') ?? null],
  ['use(torch.accelerator.device_index(None))', () => accelerator.device_index(null, () => null)],
  ['use(torch.accelerator.device_index(0))', () => accelerator.device_index(0, () => null)],
  [
    'torch.accelerator.reset_peak_memory_stats()',
    () => accelerator.reset_peak_memory_stats() ?? null,
  ],
  [
    "torch.accelerator.reset_accumulated_memory_stats('cpu')",
    () => accelerator.reset_accumulated_memory_stats('cpu') ?? null,
  ],
  ["torch.accelerator.get_memory_info('cpu')", () => accelerator.get_memory_info('cpu')],
];

/** Calls whose result changes when CUDA is used, which Python's process may have done. */
const WITHOUT_DEVICE: readonly Row[] = [
  ["torch.cuda.memory_allocated('cpu')", () => cuda.memory_allocated('cpu')],
  [
    'list(torch.cuda.memory_stats_as_nested_dict())',
    () => Object.keys(cuda.memory_stats_as_nested_dict()),
  ],
  ['list(torch.cuda.host_memory_stats())', () => Object.keys(cuda.host_memory_stats())],
  [
    'list(torch.cuda.host_memory_stats_as_nested_dict())',
    () => Object.keys(cuda.host_memory_stats_as_nested_dict()),
  ],
  ['torch.cuda.mem_get_info(0)', () => cuda.mem_get_info(0)],
  ['list(torch.accelerator.memory_stats())', () => Object.keys(accelerator.memory_stats())],
  [
    "list(torch.accelerator.memory_stats('cpu'))",
    () => Object.keys(accelerator.memory_stats('cpu')),
  ],
  ['torch.accelerator.max_memory_allocated()', () => accelerator.max_memory_allocated()],
  ['torch.accelerator.memory_reserved()', () => accelerator.memory_reserved()],
  ['torch.accelerator.max_memory_reserved()', () => accelerator.max_memory_reserved()],
  ['torch.accelerator.empty_host_cache()', () => accelerator.empty_host_cache() ?? null],
  ['use(torch.accelerator.device_index(-1))', () => accelerator.device_index(-1, () => null)],
];

/**
 * Calls whose result depends on whether libtorch_cuda is loaded. Python always loads it; the addon only with a driver.
 */
const CPU_BUILD: readonly Row[] = [
  ["x.record_stream(torch.Stream('cpu'))", () => x.record_stream(cpu)],
  ['torch.cuda.is_current_stream_capturing()', () => cuda.is_current_stream_capturing()],
  ['torch.cuda.Event(True, True, True)', () => new cuda.Event(true, { blocking: true })],
];

/** Calls with existing devices. */
const WITH_DEVICES: readonly Row[] = [
  ['torch.cuda.set_device(99)', () => cuda.set_device(99)],
  ['use(torch.cuda.device(99))', () => cuda.device(99, () => null)],
  ['use(torch.cuda.device(300))', () => cuda.device(300, () => null)],
  ['use(torch.cuda.device(None))', () => cuda.device(null, () => null)],
  ["use(torch.cuda.device('cuda'))", () => cuda.device('cuda', () => null)],
  ['torch.cuda.synchronize(99)', () => cuda.synchronize(99)],
  ['torch.cuda.synchronize(300)', () => cuda.synchronize(300)],
  ['torch.cuda.synchronize(-5)', () => cuda.synchronize(-5) ?? null],
  ['str(torch.cuda.current_stream(-1))', () => String(cuda.current_stream(-1))],
  ['torch.cuda.current_stream(-2)', () => cuda.current_stream(-2)],
  ['torch.cuda.current_stream(99)', () => cuda.current_stream(99)],
  ['torch.cuda.current_stream(300)', () => cuda.current_stream(300)],
  ['torch.cuda.default_stream(-2)', () => cuda.default_stream(-2)],
  ['torch.cuda.default_stream(256)', () => cuda.default_stream(256)],
  ['str(torch.cuda.Stream(-1).device)', () => String(new cuda.Stream(-1).device)],
  ['str(torch.cuda.Stream(-2).device)', () => String(new cuda.Stream(-2).device)],
  ['torch.cuda.Stream(99)', () => new cuda.Stream(99)],
  ["torch.cuda.Stream('cpu')", () => new cuda.Stream('cpu')],
  [
    '[torch.cuda.Stream(priority=p).priority for p in [-9, -1, 0, 9]]',
    () => [-9, -1, 0, 9].map((priority) => new cuda.Stream({ priority }).priority),
  ],
  ['list(torch.cuda.Stream.priority_range())', () => cuda.Stream.priority_range()],
  ['torch.cuda.current_stream().priority', () => cuda.current_stream().priority],
  ['torch.cuda.is_current_stream_capturing()', () => cuda.is_current_stream_capturing()],
  ["str(torch.cuda.stream(torch.Stream('cpu')).__enter__())", () => cuda.stream(cpu, () => 0)],
  ['torch.cuda.memory_stats(99)', () => cuda.memory_stats(99)],
  ['torch.cuda.memory_stats(300)', () => cuda.memory_stats(300)],
  ["torch.cuda.memory_stats('cpu')", () => cuda.memory_stats('cpu')],
  ['torch.cuda.memory_summary(99)', () => cuda.memory_summary(99)],
  ['torch.cuda.reset_peak_memory_stats(99)', () => cuda.reset_peak_memory_stats(99)],
  ['torch.cuda.mem_get_info(99)', () => cuda.mem_get_info(99)],
  ['torch.cuda.mem_get_info(-1)[1]', () => cuda.mem_get_info(-1)[1]],
  ['list(torch.cuda.memory_stats())', () => Object.keys(cuda.memory_stats())],
  [
    "sorted(s for s in torch.cuda.memory_stats_as_nested_dict() if s != 'reserved_bytes_by_private_pools')",
    () => Object.keys(cuda.memory_stats_as_nested_dict()).sort(),
  ],
  ['list(torch.cuda.host_memory_stats())', () => Object.keys(cuda.host_memory_stats())],
  ['list(torch.accelerator.memory_stats())', () => Object.keys(accelerator.memory_stats())],
  ["torch.accelerator.memory_stats('cpu')", () => accelerator.memory_stats('cpu')],
  ['torch.accelerator.memory_stats(99)', () => accelerator.memory_stats(99)],
  ['torch.accelerator.set_device_index(99)', () => accelerator.set_device_index(99)],
  ['str(torch.accelerator.current_stream(-1))', () => String(accelerator.current_stream(-1))],
  ['torch.accelerator.current_stream(99)', () => accelerator.current_stream(99)],
  ['torch.accelerator.synchronize(-1)', () => accelerator.synchronize(-1)],
  ['torch.accelerator.synchronize(99)', () => accelerator.synchronize(99)],
  ['use(torch.accelerator.device_index(-1))', () => accelerator.device_index(-1, () => null)],
  ['use(torch.accelerator.device_index(99))', () => accelerator.device_index(99, () => null)],
  ['torch.accelerator.get_memory_info(99)', () => accelerator.get_memory_info(99)],
  ['torch.accelerator.get_memory_info(-1)[1]', () => accelerator.get_memory_info(-1)[1]],
  ['torch.accelerator.empty_host_cache()', () => accelerator.empty_host_cache() ?? null],
  ['torch.cuda.Event().device', () => new cuda.Event().device],
  ['torch.cuda.Event().cuda_event', () => new cuda.Event().cuda_event],
  [
    'str(torch.cuda.current_stream(0).record_event().device)',
    () => String(cuda.current_stream(0).record_event().device),
  ],
  ["torch.Event('cuda').record(torch.Stream('cpu'))", () => new torch.Event('cuda').record(cpu)],
  ["x.cuda().record_stream(torch.Stream('cpu'))", () => x.cuda().record_stream(cpu)],
  ['torch.cuda.get_rng_state(-1)', () => cuda.get_rng_state(-1)],
  ['torch.cuda.get_rng_state(99)', () => cuda.get_rng_state(99)],
  ["torch.cuda.get_rng_state('cuda:99')", () => cuda.get_rng_state('cuda:99')],
  ['torch.cuda.set_rng_state(x)', () => cuda.set_rng_state(x)],
  ['torch.cuda.set_rng_state(x.byte())', () => cuda.set_rng_state(x.byte())],
  ['torch.cuda.set_rng_state(x.byte(), 99)', () => cuda.set_rng_state(x.byte(), 99)],
  ["torch.Generator('cuda').get_offset()", () => new torch.Generator('cuda').get_offset()],
  ["torch.Generator('cuda').set_offset(3)", () => new torch.Generator('cuda').set_offset(3)],
  [
    "torch.Generator('cuda').set_offset(8).get_offset()",
    () => new torch.Generator('cuda').set_offset(8).get_offset(),
  ],
];

describe('parity: functions of CUDA', () => {
  const rows = [
    ...ALWAYS,
    ...(cuda.is_available() ? WITH_DEVICES : WITHOUT_DEVICE),
    ...(backends.cuda.is_built() ? [] : CPU_BUILD),
  ];
  for (const [python, ours] of rows) {
    it(python, () =>
      expectSample({ source: `${SETUP}r = ${python}`, outputs: ['r'] }, () => [ours()]),
    );
  }

  it('say in plain words what Python has no function for, with a CPU build', function () {
    if (backends.cuda.is_built()) this.skip();
    const calls = [
      () => cuda.set_device(0),
      () => cuda.reset_peak_memory_stats(),
      () => cuda.reset_accumulated_host_memory_stats(),
      () => cuda.reset_peak_host_memory_stats(),
      () => cuda.Stream.priority_range(),
    ];
    for (const call of calls) {
      expect(call)
        .to.throw(torch.TorchError, 'Torch not compiled with CUDA enabled')
        .with.property('pythonType', 'AssertionError');
    }
  });

  it('compare a device with what it is, by name too, and with anything else', () => {
    const device = torch.device('cuda', 1);
    let deep: unknown[] = [];
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    const values = [torch.device('cuda:1'), 'cuda:1', 'cuda', torch.device('cuda'), 1, null, deep];
    const equal = values.map((value) => device.equals(value as never));
    expect(equal).to.deep.equal([true, true, false, false, false, false, false]);
  });

  it('take nothing else in the place of a device, a stream or an option', () => {
    const stream = new torch.Stream('cpu');
    expect(() => cuda.set_device(1.5)).to.throw(TypeError, 'must be an integer');
    expect(() => cuda.device_of(3 as never, () => 0)).to.throw(TypeError, "'obj' must be a Tensor");
    expect(() => cuda.set_stream(stream)).to.throw(RangeError, 'Expected a cuda device');
    expect(() => cuda.stream(stream, () => 0)).to.throw(RangeError, 'Expected a cuda device');
    expect(() => accelerator.current_stream(1.5)).to.throw(TypeError, 'an integer');
    expect(() => accelerator.current_accelerator(1 as never)).to.throw(
      TypeError,
      "'check_available' must be a boolean",
    );
  });
});
