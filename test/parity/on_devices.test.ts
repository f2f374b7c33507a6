/** Tensors, streams, events and generators on existing devices: a GPU's, or simulated ones. */
import torch from 'torch-losses';

import { describeCuda } from '../cuda/gpu';
import { expectSample } from './parity';

const { cuda } = torch;
const ones = (device: string | number = 'cpu'): torch.Tensor => torch.ones(2, { device });

type Row = readonly [python: string, ours: () => unknown];

const STREAMS: readonly Row[] = [
  ['str(torch.Stream().device)', () => String(new torch.Stream().device)],
  ["torch.Stream('cuda').device_type", () => new torch.Stream('cuda').device_type],
  ["torch.Stream('cuda').query()", () => new torch.Stream('cuda').query()],
  ["torch.Stream('cuda').is_capturing()", () => new torch.Stream('cuda').is_capturing()],
  ["torch.Stream('cuda').native_handle != 0", () => new torch.Stream('cuda').native_handle !== 0],
  ['torch.cuda.Stream().cuda_stream != 0', () => new cuda.Stream().cuda_stream !== 0],
  [
    "torch.Stream('cuda') == torch.cuda.Stream()",
    () => new torch.Stream('cuda').equals(new cuda.Stream()),
  ],
  [
    'torch.cuda.current_stream() == torch.cuda.default_stream()',
    () => cuda.current_stream().equals(cuda.default_stream()),
  ],
  [
    "torch.Stream('cuda').wait_event(torch.Event('cpu'))",
    () => new torch.Stream('cuda').wait_event(new torch.Event('cpu')) ?? null,
  ],
  [
    'torch.cuda.Stream().wait_event(torch.cuda.Event())',
    () => new cuda.Stream().wait_event(new cuda.Event()) ?? null,
  ],
  ["str(torch.Event('cuda').device)", () => String(new torch.Event('cuda').device)],
  ['str(torch.Event())', () => String(new torch.Event())],
  ['str(torch.cuda.Event())', () => String(new cuda.Event())],
  ['torch.cuda.Event().query()', () => new cuda.Event().query()],
  [
    'torch.cuda.Event(enable_timing=True).elapsed_time(torch.cuda.Event())',
    () => new cuda.Event({ enable_timing: true }).elapsed_time(new cuda.Event()),
  ],
  [
    'torch.cuda.Event(True).elapsed_time(torch.cuda.Event(True))',
    () => new cuda.Event(true).elapsed_time(new cuda.Event(true)),
  ],
];

const TENSORS: readonly Row[] = [
  ['torch.ones(2, device="cuda").pin_memory()', () => ones('cuda').pin_memory()],
  ['torch.ones(2, device="cuda").is_pinned()', () => ones('cuda').is_pinned()],
  [
    'torch.ones(2, device="cuda", pin_memory=True)',
    () => torch.ones(2, { device: 'cuda', pin_memory: true }),
  ],
  ['torch.ones(2).pin_memory().is_pinned()', () => ones().pin_memory().is_pinned()],
  ['torch.ones(2, device=9)', () => ones(9)],
  ['torch.ones(2, device="cuda:9")', () => ones('cuda:9')],
  ['torch.ones(2).cuda(9)', () => ones().cuda(9)],
  ['str(torch.ones(2, device=0).device)', () => String(ones(0).device)],
  ['str(torch.ones(2).to(0).device)', () => String(ones().to(0).device)],
  ['str(torch.ones(2).cuda("cuda").device)', () => String(ones().cuda('cuda').device)],
  ['torch.ones(2, device="cuda") + torch.ones(2)', () => ones('cuda').add(ones())],
  [
    'torch.ones(2, device="cuda") + torch.tensor(2.)',
    () => ones('cuda').add(torch.tensor(2.5)).sub(0.5),
  ],
  ['str(torch.Generator("cuda").device)', () => String(new torch.Generator('cuda').device)],
  [
    'torch.amp.GradScaler().scale(torch.ones(2)).device.type',
    () => new torch.amp.GradScaler().scale(ones()).device.type,
  ],
];

const SEEDS: readonly Row[] = [
  ['torch.seed() == torch.cuda.initial_seed()', () => torch.seed() === cuda.initial_seed()],
  [
    '[torch.manual_seed(-3).initial_seed(), torch.cuda.initial_seed()]',
    () => [torch.manual_seed(-3).initial_seed(), cuda.initial_seed()],
  ],
  [
    '[torch.cuda.manual_seed(2**40), torch.cuda.initial_seed(), torch.initial_seed() != 2**40]',
    () => [
      cuda.manual_seed(2 ** 40) ?? null,
      cuda.initial_seed(),
      torch.initial_seed() !== 2 ** 40,
    ],
  ],
];

describeCuda('parity on a device', () => {
  for (const [python, ours] of [...STREAMS, ...TENSORS, ...SEEDS]) {
    it(python, () => expectSample({ source: `r = ${python}`, outputs: ['r'] }, () => [ours()]));
  }
});

describeCuda(
  'parity on two devices',
  () => {
    const ROWS: readonly Row[] = [
      ['str(torch.Stream("cuda:1").device)', () => String(new torch.Stream('cuda:1').device)],
      ['str(torch.Stream(1).device)', () => String(new torch.Stream(1).device)],
      ['str(torch.cuda.Stream(1).device)', () => String(new cuda.Stream(1).device)],
      [
        'str(torch.accelerator.current_stream(1).device)',
        () => String(torch.accelerator.current_stream(1).device),
      ],
      [
        'torch.Event("cuda:1").record(torch.Stream("cuda:0"))',
        () => new torch.Event('cuda:1').record(new torch.Stream('cuda:0')) ?? null,
      ],
      [
        'torch.Stream("cuda:1").wait_stream(torch.cuda.Stream())',
        () => new torch.Stream('cuda:1').wait_stream(new cuda.Stream()) ?? null,
      ],
      [
        'str(torch.ones(2, device="cuda:1").cuda().device)',
        () => String(ones('cuda:1').cuda().device),
      ],
      [
        'str(torch.ones(2, device="cuda:1").to("cuda").device)',
        () => String(ones('cuda:1').to('cuda').device),
      ],
      [
        'str(torch.ones(2, device="cuda").cuda(1).device)',
        () => String(ones('cuda').cuda(1).device),
      ],
      ['torch.ones(2, device=0) + torch.ones(2, device=1)', () => ones(0).add(ones(1))],
      ['str(torch.Generator("cuda:1").device)', () => String(new torch.Generator('cuda:1').device)],
      [
        '[len(torch.cuda.get_rng_state_all()), len(torch.cuda.default_generators)]',
        () => [cuda.get_rng_state_all().length, cuda.default_generators.length],
      ],
    ];
    for (const [python, ours] of ROWS) {
      it(python, () => expectSample({ source: `r = ${python}`, outputs: ['r'] }, () => [ours()]));
    }

    it('streams of another device make it the current one, until the function ends', () =>
      expectSample(
        {
          source: `
t = []
with torch.cuda.stream(torch.cuda.Stream(1)): t += [torch.cuda.current_device(), torch.ones(1, device='cuda').device.index]
t.append(torch.cuda.current_device())
torch.cuda.set_stream(torch.cuda.default_stream(1)); t.append(torch.cuda.current_device())
torch.accelerator.set_stream(torch.cuda.default_stream(0)); t.append(torch.cuda.current_device())
with torch.cuda.device(1): t += [torch.cuda.current_device(), str(torch.cuda.current_stream().device), torch.cuda.Stream().device.index]
with torch.accelerator.device_index(1): t.append(torch.accelerator.current_device_index())
t.append(torch.cuda.current_device())`,
          outputs: ['t'],
        },
        () => {
          const t: unknown[] = [];
          cuda.stream(new cuda.Stream(1), () => {
            t.push(cuda.current_device(), torch.ones(1, { device: 'cuda' }).device.index);
          });
          t.push(cuda.current_device());
          cuda.set_stream(cuda.default_stream(1));
          t.push(cuda.current_device());
          torch.accelerator.set_stream(cuda.default_stream(0));
          t.push(cuda.current_device());
          cuda.device(1, () => {
            t.push(
              cuda.current_device(),
              String(cuda.current_stream().device),
              new cuda.Stream().device.index,
            );
          });
          torch.accelerator.device_index(1, () => {
            t.push(torch.accelerator.current_device_index());
          });
          return [[...t, cuda.current_device()]];
        },
      ));

    it('seeds set them all, states go back one by one', () =>
      expectSample(
        {
          source: `
def draw(): return [torch.randn(2).tolist(), torch.randn(2, device='cuda:0').tolist(), torch.randn(2, device='cuda:1').tolist()]
torch.manual_seed(5); a = draw()
states = torch.cuda.get_rng_state_all(); b = draw()
torch.cuda.set_rng_state(states[1], 'cuda:1'); c = draw()
torch.cuda.set_rng_state_all(states); d = draw()
with torch.random.fork_rng(devices=['cuda:1']): e = draw()
f = draw()
with torch.cuda.device(1): torch.cuda.manual_seed(9)
g = draw()
torch.cuda.manual_seed_all(9); h = draw()
s = [state.tolist() for state in states]`,
          outputs: [...'abcdefghs'],
        },
        () => {
          const draw = (): unknown => [
            torch.randn(2).tolist(),
            torch.randn(2, { device: 'cuda:0' }).tolist(),
            torch.randn(2, { device: 'cuda:1' }).tolist(),
          ];
          torch.manual_seed(5);
          const a = draw();
          const states = cuda.get_rng_state_all();
          const b = draw();
          cuda.set_rng_state(states[1]!, 'cuda:1');
          const c = draw();
          cuda.set_rng_state_all(states);
          const d = draw();
          const e = torch.random.fork_rng({ devices: ['cuda:1'] }, draw);
          const f = draw();
          cuda.device(1, () => cuda.manual_seed(9));
          const g = draw();
          cuda.manual_seed_all(9);
          return [a, b, c, d, e, f, g, draw(), states.map((state) => state.tolist())];
        },
      ));
  },
  2,
);
