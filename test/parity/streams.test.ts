/**
 * `torch.Stream` and `torch.Event` without an accelerator, compared with Python: what they print and return, and
 * errors.
 */
import { expect } from 'chai';
import torch from 'torch-losses';

import { expectSample } from './parity';

const { accelerator } = torch;

type Row = readonly [python: string, ours: () => unknown];

const stream = new torch.Stream('cpu');
const event = new torch.Event('cpu');
const timed = new torch.Event('cpu', { enable_timing: true });

const ROWS: readonly Row[] = [
  ["str(torch.Stream('cpu'))", () => String(new torch.Stream('cpu'))],
  ["str(torch.Stream('cpu:0'))", () => String(new torch.Stream('cpu:0'))],
  [
    "str(torch.Stream('cpu', priority=-1))",
    () => String(new torch.Stream('cpu', { priority: -1 })),
  ],
  ["str(torch.Stream(device='meta'))", () => String(new torch.Stream({ device: 'meta' }))],
  ["torch.Stream('meta').device_type", () => new torch.Stream('meta').device_type],
  ["torch.Stream('xpu')", () => new torch.Stream('xpu')],
  ["torch.Stream('nonsense')", () => new torch.Stream('nonsense')],
  ['str(stream.device)', () => String(stream.device)],
  ['stream.stream_id', () => stream.stream_id],
  ['stream.device_index', () => stream.device_index],
  ['stream.device_type', () => stream.device_type],
  ['stream.query()', () => stream.query()],
  ['stream.synchronize()', () => stream.synchronize() ?? null],
  ['stream.is_capturing()', () => stream.is_capturing()],
  ['stream.native_handle', () => stream.native_handle],
  ['stream.record_event()', () => stream.record_event()],
  ['stream.record_event(event)', () => stream.record_event(event)],
  ['event.record(None)', () => event.record(null)],
  ['event.wait(None)', () => event.wait(null) ?? null],
  ['stream.wait_event(event)', () => stream.wait_event(event) ?? null],
  ['stream.wait_stream(stream)', () => stream.wait_stream(stream)],
  ["stream == torch.Stream('cpu')", () => stream.equals(new torch.Stream('cpu'))],
  ["stream == torch.Stream('meta')", () => stream.equals(new torch.Stream('meta'))],
  ['str(event)', () => String(event)],
  ['str(timed)', () => String(timed)],
  ["str(torch.Event('meta'))", () => String(new torch.Event('meta'))],
  [
    "str(torch.Event('cpu', blocking=True, interprocess=True))",
    () => String(new torch.Event('cpu', { blocking: true, interprocess: true })),
  ],
  ["torch.Event('xpu')", () => new torch.Event('xpu')],
  ['str(event.device)', () => String(event.device)],
  ['event.event_id', () => event.event_id],
  ['event.query()', () => event.query()],
  ['event.synchronize()', () => event.synchronize() ?? null],
  ['event.record()', () => event.record()],
  ['event.record(stream)', () => event.record(stream)],
  ['event.wait()', () => event.wait() ?? null],
  ['event.wait(stream)', () => event.wait(stream) ?? null],
  ['event.elapsed_time(timed)', () => event.elapsed_time(timed)],
  ['timed.elapsed_time(timed)', () => timed.elapsed_time(timed)],
  ['event.ipc_handle()', () => event.ipc_handle()],
  [
    "torch.Event.from_ipc_handle(torch.device('cpu'), b'')",
    () => torch.Event.from_ipc_handle('cpu', new Uint8Array()),
  ],
];

/**
 * Calls whose result depends on whether libtorch_cuda is loaded. Python always loads it; the addon only with a driver.
 */
const CPU_BUILD: readonly Row[] = [
  ['str(torch.Stream())', () => String(new torch.Stream())],
  ['str(torch.Event())', () => String(new torch.Event())],
  ["torch.Stream('cuda')", () => new torch.Stream('cuda')],
  ["torch.Event('cuda')", () => new torch.Event('cuda')],
  ['torch.Stream(0)', () => new torch.Stream(0)],
  ['torch.accelerator.set_stream(stream)', () => accelerator.set_stream(stream)],
];

const SETUP = `
stream = torch.Stream('cpu'); event = torch.Event('cpu'); timed = torch.Event('cpu', enable_timing=True)
`;

describe('parity: streams and events', () => {
  for (const [python, ours] of [...ROWS, ...(torch.backends.cuda.is_built() ? [] : CPU_BUILD)]) {
    it(python, () =>
      expectSample({ source: `${SETUP}r = ${python}`, outputs: ['r'] }, () => [ours()]),
    );
  }

  it('take nothing else in the place of a stream, an event or an option', () => {
    const wrong = {} as never;
    expect(() => stream.wait_event(stream as never)).to.throw(
      TypeError,
      'wait_event(): takes a torch.Event, got Stream',
    );
    expect(() => stream.wait_stream(wrong)).to.throw(TypeError, 'takes a torch.Stream');
    expect(() => event.record(wrong)).to.throw(TypeError, 'takes a torch.Stream');
    expect(() => event.elapsed_time(null as never)).to.throw(TypeError, 'takes a torch.Event');
    expect(() => accelerator.set_stream(wrong)).to.throw(TypeError, 'takes a torch.Stream');
    expect(() => torch.ones(2).record_stream(wrong)).to.throw(TypeError, 'takes a torch.Stream');
    expect(() => new torch.Stream('cpu', { priorities: 1 } as never)).to.throw(
      TypeError,
      "did you mean 'priority'",
    );
    expect(() => new torch.Event('cpu', { enable_timing: 1 } as never)).to.throw(
      TypeError,
      "argument 'enable_timing' must be a boolean",
    );
  });

  it('are what CUDA’s are', () => {
    expect(torch.cuda.Stream.prototype).to.be.an.instanceOf(torch.Stream);
    expect(torch.cuda.Event.prototype).to.be.an.instanceOf(torch.Event);
  });
});
