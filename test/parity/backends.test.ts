/** `torch.backends`: the precision of float32, and cuDNN's settings while a function runs. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { expectSample } from './parity';

const { backends } = torch;
const { cudnn, cuda } = backends;

/** Restores the initial settings of libtorch in both languages. */
const RESET = `
def reset():
    torch.backends.fp32_precision = 'none'; torch.backends.cudnn.fp32_precision = 'none'
    torch.backends.cudnn.allow_tf32 = True; torch.set_float32_matmul_precision('highest')
`;
function reset(): void {
  backends.fp32_precision = 'none';
  cudnn.fp32_precision = 'none';
  cudnn.allow_tf32 = true;
  torch.set_float32_matmul_precision('highest');
}

describe('parity: backends', () => {
  afterEach(reset);

  it('compute float32 in what is set for all, for a library, or for an operator of it', () =>
    expectSample(
      {
        source: `${RESET}
b = torch.backends
def read(): return [b.fp32_precision, b.cudnn.fp32_precision, b.cudnn.conv.fp32_precision, b.cudnn.rnn.fp32_precision, b.cuda.matmul.fp32_precision]
steps = [read()]
b.fp32_precision = 'tf32'; steps.append(read())
b.fp32_precision = 'bf16'; steps.append(read())
b.cudnn.fp32_precision = 'ieee'; steps.append(read())
b.cudnn.conv.fp32_precision = 'tf32'; b.cudnn.rnn.fp32_precision = 'ieee'; steps.append(read())
b.cuda.matmul.fp32_precision = 'tf32'; steps.append(read())
b.cuda.matmul.allow_tf32 = False; steps.append(read())
reset(); steps.append(read())`,
        outputs: ['steps'],
      },
      () => {
        const read = (): string[] => [
          backends.fp32_precision,
          cudnn.fp32_precision,
          cudnn.conv.fp32_precision,
          cudnn.rnn.fp32_precision,
          cuda.matmul.fp32_precision,
        ];
        const steps = [read()];
        for (const set of [
          () => (backends.fp32_precision = 'tf32'),
          () => (backends.fp32_precision = 'bf16'),
          () => (cudnn.fp32_precision = 'ieee'),
          () => {
            cudnn.conv.fp32_precision = 'tf32';
            cudnn.rnn.fp32_precision = 'ieee';
          },
          () => (cuda.matmul.fp32_precision = 'tf32'),
          () => (cuda.matmul.allow_tf32 = false),
          reset,
        ]) {
          set();
          steps.push(read());
        }
        return [steps];
      },
    ));

  const REFUSED: readonly (readonly [python: string, ours: () => unknown])[] = [
    ["b.fp32_precision = 'foo'", () => (backends.fp32_precision = 'foo' as never)],
    ["b.cuda.matmul.fp32_precision = 'bf16'", () => (cuda.matmul.fp32_precision = 'bf16')],
    [
      "b.cuda.matmul.fp32_precision = 'tf32'; r = b.cuda.matmul.allow_tf32",
      () => {
        cuda.matmul.fp32_precision = 'tf32';
        return cuda.matmul.allow_tf32;
      },
    ],
    [
      "b.cudnn.conv.fp32_precision = 'ieee'; r = b.cudnn.allow_tf32",
      () => {
        cudnn.conv.fp32_precision = 'ieee';
        return cudnn.allow_tf32;
      },
    ],
  ];
  for (const [python, ours] of REFUSED) {
    it(`refuse ${python}`, () =>
      expectSample(
        {
          source: `${RESET}
b = torch.backends
try:
    ${python}
finally: reset()`,
          outputs: [],
        },
        () => {
          ours();
          return [];
        },
      ));
  }

  it('set cuDNN for a function’s time, after an error too', () =>
    expectSample(
      {
        source: `
c = torch.backends.cudnn
def read(): return [c.enabled, c.benchmark, c.benchmark_limit, c.deterministic, c.allow_tf32, c.fp32_precision, c.conv.fp32_precision]
steps = [read()]
with c.flags(): steps.append(read())
with c.flags(enabled=True, benchmark=True, benchmark_limit=3, deterministic=True, allow_tf32=False, fp32_precision='ieee'): steps.append(read())
try:
    with c.flags(deterministic=True): raise ValueError()
except ValueError: pass
steps.append(read())
x = torch.ones(2); r = [c.is_acceptable(x), c.is_available()]`,
        outputs: ['steps', 'r'],
      },
      () => {
        const read = (): unknown[] => [
          cudnn.enabled,
          cudnn.benchmark,
          cudnn.benchmark_limit,
          cudnn.deterministic,
          cudnn.allow_tf32,
          cudnn.fp32_precision,
          cudnn.conv.fp32_precision,
        ];
        const flags = {
          enabled: true,
          benchmark: true,
          benchmark_limit: 3,
          deterministic: true,
          allow_tf32: false,
          fp32_precision: 'ieee',
        } as const;
        const steps = [read(), cudnn.flags(read), cudnn.flags(flags, read)];
        expect(() =>
          cudnn.flags({ deterministic: true }, () => {
            throw new RangeError('stop');
          }),
        ).to.throw(RangeError, 'stop');
        return [
          [...steps, read()],
          [cudnn.is_acceptable(torch.ones(2)), cudnn.is_available()],
        ];
      },
    ));

  it('take nothing else, and have nothing else', () => {
    expect(() => (backends.fp32_precision = 3 as never)).to.throw(
      TypeError,
      'torch.backends.fp32_precision must be a string, got the number 3',
    );
    expect(() => (cudnn.benchmark_limit = 1.5)).to.throw(
      TypeError,
      'benchmark_limit must be an int',
    );
    expect(() => ((cudnn as unknown as Record<string, unknown>)['foo'] = true)).to.throw(TypeError);
    expect(() => cudnn.flags({ enable: true } as never, () => 0)).to.throw(
      TypeError,
      "did you mean 'enabled'",
    );
    expect(() => cudnn.flags(async () => 0)).to.throw(TypeError, 'must be synchronous');
    expect(() => cudnn.is_acceptable(3 as never)).to.throw(TypeError, "'tensor' must be a Tensor");
    expect(cudnn.enabled).to.equal(true);
    const before = cuda.matmul.allow_fp16_accumulation;
    cuda.matmul.allow_fp16_accumulation = !before;
    expect(cuda.matmul.allow_fp16_accumulation).to.equal(!before);
    cuda.matmul.allow_fp16_accumulation = before;
  });
});
