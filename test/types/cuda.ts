/** Functions that run a function in a state give back its type, and take no other state than theirs. */
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
// @ts-expect-error highest, high or medium
torch.set_float32_matmul_precision('low');

const scaler = new torch.amp.GradScaler('cpu', { init_scale: 8 });
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
