/** Functions that run a function in a state: they return its type, and accept only their own state. */
import torch, { nn, type Tensor } from 'torch-losses';

const { cuda } = torch;
const x: Tensor = torch.autocast('cpu', { dtype: torch.bfloat16 }, () => torch.ones(2));
const n: number = torch.autocast('cuda', torch.float16, true, () => 1);
const s: string = cuda.device(0, () => 'text');
const stream = new cuda.Stream('cuda:1', { priority: -1 });
const inside: boolean = cuda.stream(stream, () => stream.query());
// @ts-expect-error no such option
torch.autocast('cpu', { dtypes: torch.bfloat16 }, () => 1);
// @ts-expect-error a dtype, not its name
torch.autocast('cpu', { dtype: 'bfloat16' }, () => 1);
// @ts-expect-error a stream, not its number
cuda.stream(1, () => 1);
// @ts-expect-error flags are booleans
torch.backends.cudnn.benchmark = 1;
// @ts-expect-error no such flag
torch.backends.cudnn.benchmarks = true;
// @ts-expect-error none, ieee, tf32 or bf16
torch.backends.fp32_precision = 'tf33';
// @ts-expect-error no such flag
torch.backends.cudnn.flags({ enable: true }, () => 1);
// @ts-expect-error highest, high or medium
torch.set_float32_matmul_precision('low');

const scaler = new torch.amp.GradScaler('cpu', { init_scale: 8 });
new torch.amp.GradScaler('cpu', 8, 2, 0.5, 10, false);
new torch.cuda.amp.GradScaler(8, 2, 0.5, 10, false);
const scaled: Tensor = scaler.scale(x);
scaler.update(2);
// @ts-expect-error no optimizer
scaler.step(new nn.Linear(2, 2));

void [n, s, inside, scaled];

const either: torch.Stream = stream;
const mark: torch.Event = new torch.Event('cuda', { enable_timing: true });
either.wait_event(mark);
// @ts-expect-error an event, not a stream
either.wait_event(either);

void [either, mark];

const drawn: Tensor = torch.random.fork_rng({ devices: ['cuda:1', 0] }, () => torch.rand(2));
const flagged: number = torch.backends.cudnn.flags({ enabled: false }, () => 1);
const count: number = torch.get_device_module('cuda').device_count();
const older: string = torch.cuda.amp.autocast({ dtype: torch.bfloat16 }, () => 'text');
const timed = new cuda.Event(true, { blocking: true });
// @ts-expect-error a list of devices
torch.random.fork_rng(0, () => 1);
// @ts-expect-error a state, not a seed
cuda.set_rng_state(3);
// @ts-expect-error a tensor, not a device
cuda.device_of(1, () => 1);

void [drawn, flagged, count, older, timed];

const made: Tensor = torch.device('cuda', () => torch.zeros(2));
const place: torch.Device = torch.device('cuda', 1);
torch.set_default_device(null);
// @ts-expect-error a device
torch.set_default_device(torch.float32);

void [made, place];
