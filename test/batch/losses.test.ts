/** Each loss in chunks: the bits of one call over all rows. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';

const { numpy } = torch.utils;
const ROWS = [301, 1, 2, 0, 998];
const ALL = ROWS.reduce((sum, rows) => sum + rows, 0);
const WIDTH = 19;

type AnyLoss = nn.Module<Tensor[], Tensor> & { reduction: string };
interface Case {
  loss: (reduction: string) => AnyLoss;
  inputs: Record<string, Tensor>;
  /** The dimension of the rows, by input. */
  dims?: Record<string, number>;
}

const loss =
  <T extends object>(Loss: new (options: T) => unknown, options: object = {}) =>
  (reduction: string): AnyLoss =>
    new Loss({ ...options, reduction } as T) as AnyLoss;

const normal = (...size: number[]): Tensor => torch.randn(...size);
const signs = (...size: number[]): Tensor => torch.randn(...size).sign();
const uniform = (...size: number[]): Tensor => torch.rand(...size);
const classes = (...size: number[]): Tensor => torch.randint(0, WIDTH, size);

function cases(): Record<string, Case> {
  const two = { input: normal(ALL, WIDTH), target: normal(ALL, WIDTH) };
  const classified = { input: normal(ALL, WIDTH), target: classes(ALL) };
  const triplet = {
    anchor: normal(ALL, WIDTH),
    positive: normal(ALL, WIDTH),
    negative: normal(ALL, WIDTH),
  };
  const weight = uniform(WIDTH);
  return {
    MSELoss: { loss: loss(nn.MSELoss), inputs: two },
    L1Loss: { loss: loss(nn.L1Loss), inputs: two },
    SmoothL1Loss: { loss: loss(nn.SmoothL1Loss, { beta: 0.7 }), inputs: two },
    HuberLoss: { loss: loss(nn.HuberLoss, { delta: 0.7 }), inputs: two },
    'HuberLoss of one dimension': {
      loss: loss(nn.HuberLoss),
      inputs: { input: normal(ALL), target: normal(ALL) },
    },
    PoissonNLLLoss: {
      loss: loss(nn.PoissonNLLLoss, { full: true }),
      inputs: { input: normal(ALL, WIDTH), target: uniform(ALL, WIDTH).mul(5) },
    },
    GaussianNLLLoss: {
      loss: loss(nn.GaussianNLLLoss, { full: true }),
      inputs: { ...two, var: uniform(ALL, 1) },
    },
    KLDivLoss: {
      loss: loss(nn.KLDivLoss),
      inputs: { input: normal(ALL, WIDTH), target: uniform(ALL, WIDTH) },
    },
    'KLDivLoss of logarithms': { loss: loss(nn.KLDivLoss, { log_target: true }), inputs: two },
    BCELoss: {
      loss: loss(nn.BCELoss),
      inputs: { input: uniform(ALL, WIDTH), target: uniform(ALL, WIDTH) },
    },
    BCEWithLogitsLoss: {
      loss: loss(nn.BCEWithLogitsLoss, { pos_weight: weight }),
      inputs: { input: normal(ALL, WIDTH), target: uniform(ALL, WIDTH) },
    },
    SoftMarginLoss: {
      loss: loss(nn.SoftMarginLoss),
      inputs: { input: normal(ALL, WIDTH), target: signs(ALL, WIDTH) },
    },
    HingeEmbeddingLoss: {
      loss: loss(nn.HingeEmbeddingLoss),
      inputs: { input: normal(ALL, WIDTH), target: signs(ALL, WIDTH) },
    },
    MarginRankingLoss: {
      loss: loss(nn.MarginRankingLoss, { margin: 0.5 }),
      inputs: { input1: normal(ALL), input2: normal(ALL), target: signs(ALL) },
    },
    CosineEmbeddingLoss: {
      loss: loss(nn.CosineEmbeddingLoss, { margin: 0.1 }),
      inputs: { input1: normal(ALL, WIDTH), input2: normal(ALL, WIDTH), target: signs(ALL) },
    },
    TripletMarginLoss: { loss: loss(nn.TripletMarginLoss, { swap: true }), inputs: triplet },
    'TripletMarginLoss with p': { loss: loss(nn.TripletMarginLoss, { p: 3 }), inputs: triplet },
    TripletMarginWithDistanceLoss: {
      loss: loss(nn.TripletMarginWithDistanceLoss),
      inputs: triplet,
    },
    MultiLabelMarginLoss: {
      loss: loss(nn.MultiLabelMarginLoss),
      inputs: { input: normal(ALL, WIDTH), target: classes(ALL, WIDTH) },
    },
    MultiLabelSoftMarginLoss: {
      loss: loss(nn.MultiLabelSoftMarginLoss, { weight }),
      inputs: { input: normal(ALL, WIDTH), target: uniform(ALL, WIDTH).round() },
    },
    MultiMarginLoss: { loss: loss(nn.MultiMarginLoss, { p: 2, weight }), inputs: classified },
    NLLLoss: { loss: loss(nn.NLLLoss, { weight, ignore_index: 3 }), inputs: classified },
    CrossEntropyLoss: { loss: loss(nn.CrossEntropyLoss), inputs: classified },
    'CrossEntropyLoss, weighted and smoothed': {
      loss: loss(nn.CrossEntropyLoss, { weight, ignore_index: 3, label_smoothing: 0.1 }),
      inputs: classified,
    },
    'CrossEntropyLoss that ignores a class': {
      loss: loss(nn.CrossEntropyLoss, { ignore_index: 3 }),
      inputs: classified,
    },
    'CrossEntropyLoss of probabilities': {
      loss: loss(nn.CrossEntropyLoss, { weight, label_smoothing: 0.1 }),
      inputs: { input: normal(ALL, WIDTH), target: uniform(ALL, WIDTH) },
    },
    'CrossEntropyLoss of images': {
      loss: loss(nn.CrossEntropyLoss, { weight, ignore_index: 3 }),
      inputs: { input: normal(ALL, WIDTH, 2, 3), target: classes(ALL, 2, 3) },
    },
    CTCLoss: {
      loss: loss(nn.CTCLoss),
      inputs: {
        log_probs: normal(9, ALL, WIDTH).log_softmax(2),
        targets: torch.randint(1, WIDTH, [ALL, 4]),
        input_lengths: torch.randint(6, 10, [ALL]),
        target_lengths: torch.randint(0, 4, [ALL]),
      },
      dims: { log_probs: 1 },
    },
  };
}

describe('batch: losses in chunks', () => {
  const file = temporaryFolder();
  torch.manual_seed(11);

  for (const [name, { loss: make, inputs, dims = {} }] of Object.entries(cases())) {
    it(name, async () => {
      const files = Object.fromEntries(
        Object.entries(inputs).map(([input, tensor]) => {
          const names = ROWS.map((rows, i) => {
            const from = ROWS.slice(0, i).reduce((sum, each) => sum + each, 0);
            const shard = file(`${input}-${i}.npy`);
            numpy.save(shard, tensor.narrow(dims[input] ?? 0, from, rows).contiguous());
            return shard;
          });
          return [input, names];
        }),
      );
      const none = make('none');
      const whole = none(...Object.values(inputs));
      const job = evaluate(make('mean') as never, files, {
        out: file('losses.npy'),
        memory: 500_000,
        overwrite: true,
      });
      let steps = 0;
      for await (const { rows, totalRows } of job) {
        steps++;
        expect(rows).to.be.at.most(totalRows);
      }
      expect(steps).to.be.at.least(3);
      expect(torch.equal(numpy.load(file('losses.npy')) as Tensor, whole)).to.equal(true);
      const summary = await job.summary();
      expect(summary).to.include({ rows: ALL, losses: whole.numel(), nan: 0, skipped: 0 });
      const wide = Object.values(inputs).map((x) => (x.dtype.is_floating_point ? x.double() : x));
      for (const reduction of ['mean', 'sum'] as const) {
        const exact = (make(reduction) as nn.Module).double() as unknown as AnyLoss;
        expect(summary[reduction]).to.be.closeTo(
          exact(...wide).item(),
          1e-4 * whole.numel() ** (reduction === 'sum' ? 1 : 0),
        );
      }
    });
  }

  it('weights by row: the mean divides by them as torch’s does', async () => {
    const save = (name: string, tensor: Tensor): string => {
      numpy.save(file(name), tensor);
      return file(name);
    };
    const [input, target, weight] = [normal(50, 4), normal(50, 4), uniform(50, 4)];
    const files = {
      input: save('a.npy', input),
      target: save('b.npy', target),
      weight: save('w.npy', weight),
    };
    const wide = [input.double(), target.double()] as const;
    for (const [Loss, name] of [
      [nn.MSELoss, 'mse_loss'],
      [nn.L1Loss, 'l1_loss'],
      [nn.HuberLoss, 'huber_loss'],
    ] as const) {
      const out = file(`${name}.npy`);
      const summary = await evaluate(new Loss(), files, { out, memory: 3000 }).summary();
      const compute = nn.functional[name];
      expect(
        torch.equal(
          numpy.load(out) as Tensor,
          compute(input, target, { weight, reduction: 'none' }),
        ),
      ).to.equal(true);
      expect(summary.mean).to.be.closeTo(
        compute(...wide, { weight: weight.double() }).item(),
        1e-6,
      );
    }
  });
});
