/** Losses off the event loop: every class gives the same result as synchronously, and passes its signal to the job. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { lackOf } from '../../support/versions';

const x = torch.rand(4, 5);
const y = torch.rand(4, 5);
const signs = torch.tensor([1, -1, 1, -1]);
const classes = torch.tensor([0, 1, 2, 3]);
const labels = torch
  .tensor([[0, 2, -1, -1, -1]])
  .expand(4, 5)
  .contiguous();
const image = torch.rand(2, 3, 2, 2).log_softmax(1);
const log_probs = torch.rand(6, 2, 5).log_softmax(2);
const targets = torch.ones(2, 2, { dtype: torch.long });
const city = (a: Tensor, b: Tensor): Tensor => a.sub(b).abs().sum(-1);

interface Criterion {
  (...inputs: unknown[]): Tensor;
  forwardAsync(...args: unknown[]): Promise<Tensor>;
}

/**
 * By class: options that differ from its defaults, and the inputs. The default is no options, and the inputs x and y.
 */
const CALLS: Record<string, readonly [options: object, ...inputs: unknown[]]> = {
  L1Loss: [{ reduction: 'sum' }, x, y],
  MSELoss: [{ reduction: 'sum' }, x, y],
  SmoothL1Loss: [{ beta: 0.1 }, x, y],
  HuberLoss: [{ delta: 0.1 }, x, y],
  PoissonNLLLoss: [{ full: true, log_input: false, eps: 0.1 }, x, y],
  GaussianNLLLoss: [{ full: true, eps: 0.6 }, x, y, 0.5],
  KLDivLoss: [{ log_target: true, reduction: 'batchmean' }, x, y],
  BCELoss: [{ weight: y }, x, y],
  BCEWithLogitsLoss: [{ weight: y, pos_weight: x }, x, y],
  SoftMarginLoss: [{ reduction: 'none' }, x, y],
  HingeEmbeddingLoss: [{ margin: 2 }, x, signs.unsqueeze(1).expand(4, 5)],
  CosineEmbeddingLoss: [{ margin: 0.5 }, x, y, signs],
  MarginRankingLoss: [{ margin: 0.5 }, x, y, signs.unsqueeze(1)],
  TripletMarginLoss: [{ margin: 2, p: 1, eps: 0.1, swap: true }, x, y, x.flip(0)],
  TripletMarginWithDistanceLoss: [{ margin: 2, swap: true }, x, y, x.flip(0)],
  MultiMarginLoss: [{ p: 2, margin: 0.5, weight: torch.rand(5) }, x, classes],
  MultiLabelMarginLoss: [{ reduction: 'none' }, x, labels],
  MultiLabelSoftMarginLoss: [{ weight: torch.rand(5) }, x, y],
  NLLLoss: [{ weight: torch.rand(5), ignore_index: 1 }, x, classes],
  NLLLoss2d: [{ ignore_index: 1 }, image, torch.ones(2, 2, 2, { dtype: torch.long }).mul(2)],
  CrossEntropyLoss: [{ label_smoothing: 0.2, ignore_index: 1 }, x, classes],
  CTCLoss: [{ blank: 4, zero_infinity: true }, log_probs, targets, [6, 6], [2, 2]],
  LinearCrossEntropyLoss: [{ bias: true, label_smoothing: 0.2 }, x, classes],
};

const callOf = (name: string): readonly [options: object, ...inputs: unknown[]] =>
  CALLS[name] ?? [{}, x, y];

function criterionOf(name: string): Criterion {
  const Loss = (nn as unknown as Record<string, new (...args: unknown[]) => Criterion>)[name]!;
  const [options] = callOf(name);
  return name === 'LinearCrossEntropyLoss' ? new Loss(5, 4, options) : new Loss(options);
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** Keeps the worker thread of asynchronous calls busy for a while. */
const big = torch.ones(1500, 1500);
const busy = (): Promise<unknown> => torch.ops.aten.mm.async(big, big);

type Call = (options: { readonly signal: AbortSignal }) => Promise<unknown>;

/** Checks a call that waits when its signal aborts, and a call with a signal that is already aborted. */
async function expectSignal(call: Call): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const running = busy();
  const waiting = call({ signal });
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await rejection(waiting)).to.equal(reason);
  await running;
  expect(await rejection(call({ signal }))).to.equal(reason);
}

describe('forwardAsync', () => {
  const names = Object.entries(nn as unknown as Record<string, { prototype?: unknown }>)
    .filter(([, member]) => member.prototype instanceof nn._Loss)
    .map(([name]) => name)
    .filter((name) => !name.startsWith('_'));

  it('is there on every loss', () => {
    expect(names).to.include.members(Object.keys(CALLS));
  });

  for (const name of names.filter((each) => !lackOf(each))) {
    it(`of ${name} gives what the call gives`, async () => {
      const [, ...inputs] = callOf(name);
      const criterion = criterionOf(name);
      const later = await criterion.forwardAsync(...inputs);
      expect(later.equal(criterion(...inputs))).to.equal(true);
      expect((await criterion.forwardAsync(...inputs, {})).equal(later)).to.equal(true);
    });

    it(`of ${name} is dropped by a signal`, async () => {
      const [, ...inputs] = callOf(name);
      const criterion = criterionOf(name);
      await expectSignal((options) => criterion.forwardAsync(...inputs, options));
    });
  }

  it('refuses what is neither an input nor options', async () => {
    const error = await rejection(criterionOf('MSELoss').forwardAsync(x, y, 5));
    expect(error.message).to.equal('mse_loss(): expects options as argument 3, got the number 5');
    expect((await criterionOf('MSELoss').forwardAsync(x, y, undefined)).ndim).to.equal(0);
  });

  it('of AdaptiveLogSoftmaxWithLoss is dropped by a signal', async () => {
    const criterion = new nn.AdaptiveLogSoftmaxWithLoss(5, 8, [2, 4]);
    await expectSignal((options) => criterion.forwardAsync(x, classes, options));
  });

  it('runs a forward of your own on the event loop', async () => {
    class Doubled extends nn.MSELoss {
      override forward(input: Tensor, target: Tensor): Tensor {
        return super.forward(input, target).mul(2);
      }
    }
    class Plain extends nn._Loss {
      override forward(input: Tensor, target: Tensor): Tensor {
        return input.sub(target).abs().sum();
      }
    }
    const replaced = new nn.MSELoss();
    replaced.forward = (input, target) => input.sub(target).abs().max();
    const distance = new nn.TripletMarginWithDistanceLoss({ distance_function: city });
    const own = [new Doubled(), new Plain(), replaced, distance] as unknown as Criterion[];
    for (const criterion of own) {
      const inputs = (criterion as unknown) === distance ? [x, y, x.flip(0)] : [x, y];
      const later = await criterion.forwardAsync(...inputs);
      expect(later.equal(criterion(...inputs))).to.equal(true);
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      expect(await rejection(criterion.forwardAsync(...inputs, { signal }))).to.equal(reason);
      const wrong = await rejection(criterion.forwardAsync(...inputs, { signal: 1 }));
      expect(wrong.message).to.equal("'signal' must be an AbortSignal, got the number 1");
    }
    expect((await new Doubled().forwardAsync(x, y)).equal(new nn.MSELoss()(x, y).mul(2))).to.equal(
      true,
    );
  });
});

describe('the signal of an asynchronous call', () => {
  const leaf = torch.ones(3, { requires_grad: true });
  const calls: Record<string, Call> = {
    itemAsync: (options) => torch.ones(1).itemAsync(options),
    toTypedArrayAsync: (options) => x.toTypedArrayAsync(options),
    backwardAsync: (options) => leaf.sum().backwardAsync(options),
    'backwardAsync with a gradient': (options) => leaf.mul(2).backwardAsync(torch.ones(3), options),
    'an operator': (options) => torch.ops.aten.add.async(x, y, options),
    'an overload': (options) => torch.ops.aten.add.Tensor.async(x, y, { alpha: 2, ...options }),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`reaches ${name}`, () => expectSignal(call));
  }

  it('may be undefined', async () => {
    const sum = await torch.ops.aten.add.async(x, y, { alpha: 2, signal: undefined });
    expect(sum.equal(x.add(y, { alpha: 2 }))).to.equal(true);
    await leaf.sum().backwardAsync({ signal: undefined });
    expect(leaf.grad!.tolist()).to.deep.equal([1, 1, 1]);
  });
});
