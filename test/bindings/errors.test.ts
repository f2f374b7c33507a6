/** Errors: Python's class and message, without anything of C++. */
import { expect } from 'chai';
import torch, { nn, type Tensor, TorchError } from 'torch-losses';

const F = nn.functional;

interface Thrown extends Error {
  code: string;
  pythonType: string;
  backtrace?: string;
}

function thrown(run: () => unknown): Thrown {
  try {
    run();
  } catch (error) {
    return error as Thrown;
  }
  throw new Error('nothing was thrown');
}

const x = torch.ones(2, 3);

describe('errors', () => {
  it('of a number of threads that is not positive are RuntimeErrors, as in Python', () => {
    for (const count of [0, -1]) {
      const error = thrown(() => torch.set_num_threads(count));
      expect(error).to.be.instanceOf(TorchError);
      expect(error).to.include({ pythonType: 'RuntimeError' });
      expect(error.message).to.equal('set_num_threads expects a positive integer');
    }
    expect(thrown(() => torch.set_num_threads(1.5))).to.include({ pythonType: 'TypeError' });
  });

  it('name the key that a dtype in the place of options may have been meant for', () => {
    const { float32 } = torch;
    const calls = [
      () => torch.zeros(2, float32 as never),
      () => torch.zeros([2], float32 as never),
      () => torch.randn(2, 3, float32 as never),
      () => torch.arange(5, float32 as never),
      () => torch.eye(2, float32 as never),
      () => torch.randint(0, 5, [2], float32 as never),
      () => x.sum(0, float32 as never),
    ];
    for (const call of calls) {
      const error = thrown(call);
      expect(error, String(call)).to.be.instanceOf(TypeError);
      expect(error.message, String(call))
        .to.include('may have been meant for')
        .and.include('dtype: …');
    }
  });

  it('say that nothing may follow the options', () => {
    const error = thrown(() => (F.mse_loss as (...args: unknown[]) => Tensor)(x, x, {}, 1));
    expect(error).to.be.instanceOf(TypeError);
    expect(error.message).to.equal(
      'mse_loss(): argument 3 is an options object, and nothing may follow it',
    );
  });

  it('of values are RangeErrors', () => {
    const error = thrown(() => F.binary_cross_entropy(x, torch.ones(3)));
    expect(error).to.be.instanceOf(RangeError);
    expect(error).to.include({ code: 'ERR_TORCH_VALUE', pythonType: 'ValueError' });
  });

  it('of indices are RangeErrors', () => {
    const error = thrown(() => F.cross_entropy(x, torch.tensor([0, 7])));
    expect(error).to.be.instanceOf(RangeError);
    expect(error).to.include({ code: 'ERR_TORCH_INDEX', pythonType: 'IndexError' });
    expect(error.message).to.equal('Target 7 is out of bounds.');
    expect(thrown(() => x.size(2)).message).to.equal(
      'Dimension out of range (expected to be in range of [-2, 1], but got 2)',
    );
    expect(thrown(() => x.sum().stride(0)).message).to.equal(
      'Dimension specified as 0 but tensor has no dimensions',
    );
    expect(thrown(() => x.size(0.5))).to.be.instanceOf(TypeError);
  });

  it('of the runtime are TorchErrors, with the C++ backtrace apart', () => {
    const error = thrown(() => x.matmul(x));
    expect(error).to.be.instanceOf(TorchError).and.instanceOf(Error);
    expect(error).to.include({ code: 'ERR_TORCH_RUNTIME', pythonType: 'RuntimeError' });
    expect(error.message).to.equal('mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)');
    expect(error.backtrace).to.be.a('string').and.include(error.message).and.include('frame #0');
    expect(Object.keys(error)).not.to.include('backtrace');
  });

  it('have backtraces of their own, which only the latest keep until they are read', () => {
    const first = thrown(() => x.matmul(x));
    const second = thrown(() => F.cross_entropy(x, torch.tensor([0, 7])));
    const read = thrown(() => x.matmul(x));
    const text = read.backtrace;
    expect(second.backtrace).to.include('Target 7 is out of bounds.');
    for (let i = 0; i < 100; i++) thrown(() => x.matmul(x));
    expect(first.backtrace).to.equal(undefined);
    expect(read.backtrace).to.equal(text).and.to.be.a('string');
  });

  it('of what is not implemented are TorchErrors', () => {
    const error = thrown(() => F.multi_margin_loss(x.to(torch.bfloat16), torch.tensor([0, 1])));
    expect(error).to.include({
      code: 'ERR_TORCH_NOT_IMPLEMENTED',
      pythonType: 'NotImplementedError',
    });
  });

  it('of a missing CUDA are Python’s', function () {
    if (torch.backends.cuda.is_built()) this.skip(); // parity: devices has what others say
    const error = thrown(() => torch.zeros(2, { device: 'cuda' }));
    expect(error).to.include({
      code: 'ERR_TORCH_ASSERTION',
      message: 'Torch not compiled with CUDA enabled',
    });
  });

  it('say torch.FloatTensor where C++ says CPUFloatType', () => {
    const error = thrown(() => x.add_(torch.ones(2, 3, { dtype: torch.complex64 })));
    expect(error.message).not.to.match(/CPU\w+Type/);
  });

  it('carry the caller’s stack', () => {
    function callerOfMatmul(): Tensor {
      return x.matmul(x);
    }
    expect(thrown(callerOfMatmul).stack).to.include('callerOfMatmul');
  });

  it('thrown by a distance function come through as they are', () => {
    const mine = new Error('mine');
    const distance_function = (): Tensor => {
      throw mine;
    };
    const criterion = new nn.TripletMarginWithDistanceLoss({ distance_function });
    expect(thrown(() => criterion(x, x, x))).to.equal(mine);
  });
});

describe('arguments', () => {
  const cases: [string, () => unknown, RegExp][] = [
    [
      'an unknown option names the nearest',
      () => F.mse_loss(x, x, { reducton: 'sum' } as object),
      /'reducton'; did you mean 'reduction'/,
    ],
    [
      'a tensor in place of options names the keys',
      () => F.cross_entropy(x, x, x as object),
      /argument 3 must be an options object, got Tensor.*\{ weight: … \}/,
    ],
    [
      'a missing argument is named',
      () => (F.mse_loss as (...args: unknown[]) => unknown)(x),
      /missing required argument 'target'/,
    ],
    [
      'too many arguments are refused',
      () => (F.mse_loss as (...args: unknown[]) => unknown)(x, x, {}, 4),
      /argument 3|at most/,
    ],
    [
      'a number that is no integer is refused',
      () => F.cross_entropy(x, torch.tensor([0, 1]), { ignore_index: 1.5 }),
      /'ignore_index' must be an integer/,
    ],
    [
      'an integer beyond 64 bits is refused',
      () => F.cross_entropy(x, torch.tensor([0, 1]), { ignore_index: 2n ** 64n }),
      /'ignore_index' must be an integer/,
    ],
    [
      'a string in place of a number is refused',
      () => F.huber_loss(x, x, { delta: '1' as unknown as number }),
      /'delta' must be a number, got the string "1"/,
    ],
    [
      'an option of a class is checked when it is made',
      () => new nn.HuberLoss({ delta: '1' as unknown as number }),
      /'delta' must be a number/,
    ],
    [
      'a deprecated option of a class, too',
      () => new nn.HingeEmbeddingLoss({ reduce: [] as never }),
      /HingeEmbeddingLoss\(\): argument 'reduce' must be a boolean or null, got an array/,
    ],
    [
      'a promise says that it was not awaited',
      () => F.huber_loss(x.toTypedArrayAsync() as unknown as Tensor, x),
      /argument 'input' must be a Tensor, got a Promise: await it$/,
    ],
    [
      'an option given twice is refused',
      () => x.sum(0, { dim: 1 } as object),
      /no overload|given twice/,
    ],
  ];
  for (const [name, run, message] of cases) {
    it(name, () => {
      const error = thrown(run);
      expect(error).to.be.instanceOf(TypeError);
      expect(error).to.include({ code: 'ERR_TORCH_TYPE' });
      expect(error.message).to.match(message);
    });
  }

  it('undefined is the default', () => {
    const value = F.mse_loss(x, x.add(1), { reduction: undefined, weight: undefined }).item();
    expect(value).to.equal(1);
  });

  it('an options object without a prototype will do', () => {
    const options = Object.assign(Object.create(null), { reduction: 'sum' }) as {
      reduction: 'sum';
    };
    expect(F.mse_loss(x, x.add(1), options).item()).to.equal(6);
  });

  it('a getter that throws comes through', () => {
    const options = {
      get reduction(): 'sum' {
        throw new Error('getter');
      },
    };
    expect(() => F.mse_loss(x, x, options)).to.throw('getter');
  });
});

describe('ctc_loss with targets that are no classes, which libtorch does not look at', () => {
  const [steps, classes] = [6, 4];
  const batch = torch.randn(steps, 2, classes, { requires_grad: true });
  const refused = (...args: Parameters<typeof F.ctc_loss>): void => {
    const error = thrown(() => F.ctc_loss(...args));
    expect(error).to.include({ code: 'ERR_TORCH_INDEX', pythonType: 'IndexError' });
    expect(error.message).to.match(/^ctc_loss\(\): target -?\d+ is out of bounds/);
  };
  const inputs = [steps, steps];

  it('refuses them, however targets and lengths are given', () => {
    for (const wrong of [classes, -1, 2 ** 40, -(2 ** 40)]) {
      const padded = torch.tensor([
        [1, 2],
        [3, wrong],
      ]);
      refused(batch, padded, inputs, [2, 2]);
      refused(batch, padded, torch.tensor(inputs), torch.tensor([2, 2]));
      refused(batch, padded.flatten(), inputs, [2, 2]);
      refused(batch.index(torch.slice(), 0), torch.tensor([wrong]), [steps], [1]);
      refused(batch, torch.tensor([[1], [wrong]]), inputs, [1, 1], { reduction: 'none' });
    }
    refused(batch, torch.tensor([[1], [9]], { dtype: torch.int32 }), inputs, [1, 1]);
  });

  it('takes anything for padding', () => {
    const [padded, clean] = [
      torch.tensor([
        [1, -1],
        [3, 99],
      ]),
      torch.tensor([
        [1, 0],
        [3, 0],
      ]),
    ];
    const [loss, expected] = [padded, clean].map((t) => F.ctc_loss(batch, t, inputs, [1, 1]));
    expect(loss!.item()).to.equal(expected!.item());
    loss!.backward();
  });

  it('says first what Python says', () => {
    const wrong = torch.tensor([[9], [9]]);
    expect(() => F.ctc_loss(batch, wrong, [9, 9], [1, 1])).to.throw('Expected input_lengths');
    expect(() => F.ctc_loss(batch, wrong, inputs, [1, 1], { blank: 7 })).to.throw('blank');
  });
});

describe('JavaScript operators', () => {
  it('throw for + and ==, and say what to use', () => {
    const one = torch.ones(1) as unknown as number;
    expect(() => one + 1).to.throw(TypeError, '.add()');
  });

  it('take the number of one element', () => {
    expect(Number(torch.ones(1))).to.equal(1);
    expect(`${torch.ones(1)}`).to.equal('tensor([1.])');
  });
});
