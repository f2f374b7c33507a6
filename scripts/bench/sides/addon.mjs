// The addon, called like in a user's program: a side of the benchmarks (protocol.md).
import torch from 'torch-losses';

import { serve } from './serve.mjs';

const PRIMES = [2, 3, 5, 7, 11];
const PERIOD = 2 ** 20;

const [threads, device = 'cpu'] = process.argv.slice(2);
torch.set_num_threads(Number(threads));

serve(
  { version: torch.__version__, threads: torch.get_num_threads() },
  ({ prepare: { loss, positional, options, inputs, parameters }, backward, dispose }) => {
    const criterion = make(loss, [...positional, options])?.to(device);
    if (!criterion) {
      return { unsupported: `came after torch ${torch.__version__}` };
    }
    const own = [...criterion.parameters()];
    for (const [index, parameter] of own.entries()) {
      torch.no_grad(() => parameter.copy_(makeInput(parameters[index], inputs.length + index)));
    }
    const args = inputs.map(makeInput);
    const forward = callerOf(criterion, args);
    const leaves = [...args, ...own].filter((value) => value.requires_grad);
    const value = forward().item();
    return { value, step: stepOf(forward, leaves, { backward, dispose }) };
  },
  device === 'cpu' ? {} : { finish: () => torch.cuda.synchronize() },
);

// Returns undefined if this torch does not have the loss.
function make(loss, args) {
  try {
    return new torch.nn[loss](...args);
  } catch (error) {
    if (error.pythonType === 'AttributeError') return undefined;
    throw error;
  }
}

// Calls with explicit arguments, as programs do, since a spread would cost time.
function callerOf(criterion, [a, b, c, d]) {
  const callers = {
    2: () => criterion(a, b),
    3: () => criterion(a, b, c),
    4: () => criterion(a, b, c, d),
  };
  return callers[1 + [b, c, d].filter((value) => value !== undefined).length];
}

function stepOf(forward, leaves, { backward, dispose }) {
  if (!backward) {
    return dispose ? () => forward().dispose() : forward;
  }
  return () => {
    const loss = forward();
    loss.backward();
    if (dispose) {
      loss.dispose();
    }
    for (const leaf of leaves) {
      leaf.grad = null;
    }
  };
}

function makeInput(input, index) {
  if (input.list) {
    return input.list;
  }
  // Frees temporaries now, so that they are not collected while a call is timed.
  const tensor = torch.tidy(() => makeTensor(input, index).to(device));
  return input.grad ? tensor.requires_grad_() : tensor;
}

function makeTensor(input, index) {
  const { shape } = input;
  if (input.labels) {
    const columns = torch.arange(shape[1]);
    const row = torch.where(columns.lt(input.labels), columns.mul(3), torch.tensor(-1));
    return row.repeat([shape[0], 1]);
  }
  const size = shape.reduce((product, length) => product * length, 1);
  const period = Math.min(size, PERIOD);
  const factor = Math.sqrt(PRIMES[index]) % 1;
  const u = torch
    .arange(1, period + 1, { dtype: torch.float64 })
    .mul(torch.asFloat(factor))
    .frac();
  const values = valuesOf(input, u);
  const repeated = period === size ? values : values.repeat([Math.ceil(size / period)]);
  return repeated.narrow(0, 0, size).reshape(shape).clone();
}

function valuesOf(input, u) {
  if (input.signs) {
    return u.ge(0.5).to(torch.float32).mul(2).sub(1);
  }
  const [low, high] = input.uniform ?? input.integers;
  const values = u.mul(torch.asFloat(high - low)).add(torch.asFloat(low));
  return input.integers ? values.floor().to(torch.long) : values.to(torch.float32);
}
