/**
 * Ports every sample in the docstrings of torch/nn/modules/loss.py. Python runs the original code from the docstring.
 * Both start with manual_seed(0), and must give the same bits.
 */
import torch, { nn, type Tensor } from 'torch-losses';

import { itWhereThere } from '../support/versions';
import { askPython, expectSample } from './parity';

const F = nn.functional;

/** Reads the code lines of a class's docstring into `lines`. */
const READ_LINES = `
import inspect
def lines_of(name):
    text = inspect.getdoc(getattr(nn, name)) or ''
    stripped = [line.strip() for line in text.splitlines()]
    return [line[4:] for line in stripped if line.startswith(('>>>', '...'))]
`;

/** Runs lines `first` to `last` of the docstring's code, after seeding torch. */
const runLines = (name: string, ranges: readonly (readonly [number, number])[]): string =>
  `${READ_LINES}
lines = lines_of('${name}')
for first, last in ${JSON.stringify(ranges)}:
    exec('\\n'.join(lines[first:last + 1]), globals())
`;

interface DocSample {
  name: string;
  /** The first and last line of the sample in the docstring's code. */
  lines: readonly (readonly [number, number])[];
  outputs: readonly string[];
  port: () => unknown[];
}

const normal = (...size: number[]): Tensor => torch.randn(size, { requires_grad: true });

/** Returns the sample of losses with an input and a normally distributed target. */
const regression = (name: 'L1Loss' | 'MSELoss' | 'SmoothL1Loss' | 'HuberLoss'): DocSample => ({
  name,
  lines: [[0, 4]],
  outputs: ['output', 'input.grad'],
  port: () => {
    const loss = new nn[name]();
    const input = normal(3, 5);
    const target = torch.randn(3, 5);
    const output = loss(input, target);
    output.backward();
    return [output, input.grad];
  },
});

/** Returns the samples of NLLLoss, which NLLLoss2d inherits. */
const negativeLogLikelihood = (name: 'NLLLoss' | 'NLLLoss2d'): DocSample[] => [
  {
    name,
    lines: [[0, 7]],
    outputs: ['loss', 'input.grad'],
    port: () => {
      const log_softmax = new nn.LogSoftmax({ dim: 1 });
      const loss_fn = new nn.NLLLoss();
      const input = normal(3, 5);
      const target = torch.tensor([1, 0, 4]);
      const loss = loss_fn(log_softmax(input), target);
      loss.backward();
      return [loss, input.grad];
    },
  },
  {
    name,
    lines: [[10, 22]],
    outputs: ['loss', 'conv.weight.grad', 'conv.bias.grad'],
    port: () => {
      const [N, C] = [5, 4];
      const loss_fn = new nn.NLLLoss();
      const data = torch.randn(N, 16, 10, 10);
      // Conv2d is missing here. Uses its parameters, initialized like its constructor does, and the operator.
      const weight = nn.init.kaiming_uniform_(torch.empty(C, 16, 3, 3), { a: Math.sqrt(5) });
      const bound = 1 / Math.sqrt(16 * 3 * 3);
      const bias = torch.empty(C).uniform_(-bound, bound).requires_grad_();
      weight.requires_grad_();
      const log_softmax = new nn.LogSoftmax({ dim: 1 });
      const output = log_softmax(torch.ops.aten.conv2d!(data, weight, bias) as Tensor);
      const target = torch.empty(N, 8, 8, { dtype: torch.long }).random_(0, C);
      const loss = loss_fn(output, target);
      loss.backward();
      return [loss, weight.grad, bias.grad];
    },
  },
];

const gaussian = (from: number, varianceSize: number[]): DocSample => ({
  name: 'GaussianNLLLoss',
  lines: [[from, from + 5]],
  outputs: ['output', 'input.grad', 'var.grad'],
  port: () => {
    const loss = new nn.GaussianNLLLoss();
    const input = normal(5, 2);
    const target = torch.randn(5, 2);
    const variance = torch.ones(varianceSize, { requires_grad: true });
    const output = loss(input, target, variance);
    output.backward();
    return [output, input.grad, variance.grad];
  },
});

/** Returns embeddings of random ids, and their triplet loss with a distance. */
function triplet(
  lines: DocSample['lines'],
  criterion: () => (anchor: Tensor, positive: Tensor, negative: Tensor) => Tensor,
): DocSample {
  return {
    name: 'TripletMarginWithDistanceLoss',
    lines: [[0, 7], ...lines],
    outputs: ['output', 'embedding.weight.grad'],
    port: () => {
      const embedding = new nn.Embedding(1000, 128);
      const anchor_ids = torch.randint(0, 1000, [1]);
      const positive_ids = torch.randint(0, 1000, [1]);
      const negative_ids = torch.randint(0, 1000, [1]);
      const anchor = embedding(anchor_ids);
      const positive = embedding(positive_ids);
      const negative = embedding(negative_ids);
      const output = criterion()(anchor, positive, negative);
      output.backward();
      return [output, embedding.weight.grad];
    },
  };
}

/** Returns the common end of CTC's second and third sample. */
const ctc = (
  input: Tensor,
  target: Tensor,
  input_lengths: Tensor,
  target_lengths: Tensor,
): unknown[] => {
  const ctc_loss = new nn.CTCLoss();
  const loss = ctc_loss(input, target, input_lengths, target_lengths);
  loss.backward();
  return [loss, input.grad];
};

const SAMPLES: readonly DocSample[] = [
  regression('L1Loss'),
  regression('MSELoss'),
  regression('SmoothL1Loss'),
  regression('HuberLoss'),
  ...negativeLogLikelihood('NLLLoss'),
  ...negativeLogLikelihood('NLLLoss2d'),
  {
    name: 'PoissonNLLLoss',
    lines: [[0, 4]],
    outputs: ['output', 'log_input.grad'],
    port: () => {
      const loss = new nn.PoissonNLLLoss();
      const log_input = normal(5, 2);
      const target = torch.randn(5, 2);
      const output = loss(log_input, target);
      output.backward();
      return [output, log_input.grad];
    },
  },
  gaussian(0, [5, 2]),
  gaussian(6, [5, 1]),
  {
    name: 'KLDivLoss',
    lines: [[0, 9]],
    outputs: ['input', 'target', 'output'],
    port: () => {
      let kl_loss = new nn.KLDivLoss({ reduction: 'batchmean' });
      const input = F.log_softmax(normal(3, 5), { dim: 1 });
      const target = F.softmax(torch.rand(3, 5), { dim: 1 });
      kl_loss(input, target);
      kl_loss = new nn.KLDivLoss({ reduction: 'batchmean', log_target: true });
      const log_target = F.log_softmax(torch.rand(3, 5), { dim: 1 });
      return [input, target, kl_loss(input, log_target)];
    },
  },
  {
    name: 'BCELoss',
    lines: [[0, 5]],
    outputs: ['output', 'input.grad'],
    port: () => {
      const m = new nn.Sigmoid();
      const loss = new nn.BCELoss();
      const input = normal(3, 2);
      const target = torch.rand(3, 2, { requires_grad: false });
      const output = loss(m(input), target);
      output.backward();
      return [output, input.grad];
    },
  },
  {
    name: 'BCEWithLogitsLoss',
    lines: [[0, 4]],
    outputs: ['criterion(output, target)'],
    port: () => {
      const target = torch.ones([10, 64], { dtype: torch.float32 });
      const output = torch.full([10, 64], 1.5);
      const pos_weight = torch.ones([64]);
      const criterion = new nn.BCEWithLogitsLoss({ pos_weight });
      return [criterion(output, target)];
    },
  },
  {
    name: 'BCEWithLogitsLoss',
    lines: [[5, 9]],
    outputs: ['output', 'input.grad'],
    port: () => {
      const loss = new nn.BCEWithLogitsLoss();
      const input = normal(3);
      const target = torch.empty(3).random_(2);
      const output = loss(input, target);
      output.backward();
      return [output, input.grad];
    },
  },
  ...(['HingeEmbeddingLoss', 'SoftMarginLoss'] as const).map((name) => ({
    name,
    lines: [[0, 4]] as const,
    outputs: ['output', 'input.grad'],
    port: () => {
      const loss = new nn[name]();
      const input = normal(3, 5);
      const target = torch.randn(3, 5).sign();
      const output = loss(input, target);
      output.backward();
      return [output, input.grad];
    },
  })),
  {
    name: 'MultiLabelMarginLoss',
    lines: [[0, 4]],
    outputs: ['loss(x, y)'],
    port: () => {
      const loss = new nn.MultiLabelMarginLoss();
      const x = torch.FloatTensor([[0.1, 0.2, 0.4, 0.8]]);
      const y = torch.LongTensor([[3, 0, -1, 1]]);
      return [loss(x, y)];
    },
  },
  {
    name: 'CrossEntropyLoss',
    lines: [[1, 5]],
    outputs: ['output', 'input.grad'],
    port: () => {
      const loss = new nn.CrossEntropyLoss();
      const input = normal(3, 5);
      const target = torch.empty(3, { dtype: torch.long }).random_(5);
      const output = loss(input, target);
      output.backward();
      return [output, input.grad];
    },
  },
  {
    name: 'CrossEntropyLoss',
    lines: [
      [1, 1],
      [8, 11],
    ],
    outputs: ['output', 'input.grad'],
    port: () => {
      const loss = new nn.CrossEntropyLoss();
      const input = normal(3, 5);
      const target = torch.randn(3, 5).softmax(1);
      const output = loss(input, target);
      output.backward();
      return [output, input.grad];
    },
  },
  {
    name: 'CrossEntropyLoss',
    lines: [[14, 32]],
    outputs: [
      'target',
      'target.sum(axis=1)',
      'loss(input, target).item()',
      'target_new',
      'target_new.sum(axis=1)',
      'loss(input, target_new).item()',
    ],
    port: () => {
      const loss = new nn.CrossEntropyLoss();
      torch.manual_seed(283);
      const input = normal(3, 5);
      const target = torch.randn(3, 5);
      const target_new = target.softmax(1);
      return [target, target_new].flatMap((t) => [t, t.sum(1), loss(input, t).item()]);
    },
  },
  {
    name: 'LinearCrossEntropyLoss',
    lines: [[0, 12]],
    outputs: ['output', 'input.grad', 'loss.linear.weight.grad'],
    port: () => {
      torch.manual_seed(283);
      const loss = new nn.LinearCrossEntropyLoss(5, 10, { out_features: [4, 3] });
      let input = normal(2, 5);
      let target = torch.randint(0, 10, [2, 4, 3]);
      loss(input, target).backward();
      input = normal(2, 5);
      target = torch.randn(2, 10, 4, 3).softmax(1);
      const output = loss(input, target);
      output.backward();
      return [output, input.grad, loss.linear.weight.grad];
    },
  },
  {
    name: 'MultiLabelSoftMarginLoss',
    lines: [[0, 4]],
    outputs: ['output', 'input.grad'],
    port: () => {
      const loss = new nn.MultiLabelSoftMarginLoss();
      const input = normal(3, 5);
      const target = torch.empty(3, 5).random_(2);
      const output = loss(input, target);
      output.backward();
      return [output, input.grad];
    },
  },
  {
    name: 'CosineEmbeddingLoss',
    lines: [[0, 5]],
    outputs: ['output', 'input1.grad', 'input2.grad'],
    port: () => {
      const loss = new nn.CosineEmbeddingLoss();
      const [input1, input2] = [normal(3, 5), normal(3, 5)];
      const output = loss(input1, input2, torch.ones(3));
      output.backward();
      return [output, input1.grad, input2.grad];
    },
  },
  {
    name: 'MarginRankingLoss',
    lines: [[0, 5]],
    outputs: ['output', 'input1.grad', 'input2.grad'],
    port: () => {
      const loss = new nn.MarginRankingLoss();
      const [input1, input2] = [normal(3), normal(3)];
      const output = loss(input1, input2, torch.randn(3).sign());
      output.backward();
      return [output, input1.grad, input2.grad];
    },
  },
  {
    name: 'MultiMarginLoss',
    lines: [[0, 4]],
    outputs: ['loss(x, y)'],
    port: () => {
      const loss = new nn.MultiMarginLoss();
      const x = torch.tensor([[0.1, 0.2, 0.4, 0.8]]);
      return [loss(x, torch.tensor([3]))];
    },
  },
  {
    name: 'TripletMarginLoss',
    lines: [[0, 5]],
    outputs: ['output', 'anchor.grad', 'positive.grad', 'negative.grad'],
    port: () => {
      const triplet_loss = new nn.TripletMarginLoss({ margin: 1.0, p: 2, eps: 1e-7 });
      const [anchor, positive, negative] = [normal(100, 128), normal(100, 128), normal(100, 128)];
      const output = triplet_loss(anchor, positive, negative);
      output.backward();
      return [output, anchor.grad, positive.grad, negative.grad];
    },
  },
  triplet(
    [[10, 13]],
    () => new nn.TripletMarginWithDistanceLoss({ distance_function: new nn.PairwiseDistance() }),
  ),
  triplet([[16, 23]], () => {
    const distance_function = (x1: Tensor, x2: Tensor): Tensor =>
      x1.sub(x2).abs().max(1, false).values;
    return new nn.TripletMarginWithDistanceLoss({ distance_function, margin: 1.5 });
  }),
  triplet([[26, 30]], () => {
    const distance_function = (x: Tensor, y: Tensor): Tensor =>
      torch.rsub(F.cosine_similarity(x, y), 1);
    return new nn.TripletMarginWithDistanceLoss({ distance_function });
  }),
  {
    name: 'CTCLoss',
    lines: [[1, 22]],
    outputs: ['loss', 'input.grad'],
    port: () => {
      const [T, C, N, S, S_min] = [50, 20, 16, 30, 10];
      const input = torch.randn(T, N, C).log_softmax(2).detach().requires_grad_();
      const target = torch.randint(1, C, [N, S], { dtype: torch.long });
      const input_lengths = torch.full([N], T, { dtype: torch.long });
      const target_lengths = torch.randint(S_min, S, [N], { dtype: torch.long });
      return ctc(input, target, input_lengths, target_lengths);
    },
  },
  {
    name: 'CTCLoss',
    lines: [[26, 44]],
    outputs: ['loss', 'input.grad'],
    port: () => {
      const [T, C, N] = [50, 20, 16];
      const input = torch.randn(T, N, C).log_softmax(2).detach().requires_grad_();
      const input_lengths = torch.full([N], T, { dtype: torch.long });
      const target_lengths = torch.randint(1, T, [N], { dtype: torch.long });
      const total = Number(target_lengths.sum().item());
      const target = torch.randint(1, C, [total], { dtype: torch.long });
      return ctc(input, target, input_lengths, target_lengths);
    },
  },
  {
    name: 'CTCLoss',
    lines: [[48, 66]],
    outputs: ['loss', 'input.grad'],
    port: () => {
      const [T, C] = [50, 20];
      const input = torch.randn(T, C).log_softmax(1).detach().requires_grad_();
      const input_lengths = torch.tensor(T, { dtype: torch.long });
      const target_lengths = torch.randint(1, T, [], { dtype: torch.long });
      const target = torch.randint(1, C, [Number(target_lengths.item())], { dtype: torch.long });
      return ctc(input, target, input_lengths, target_lengths);
    },
  },
];

describe('parity: docstring samples', () => {
  for (const { name, lines, outputs, port } of SAMPLES) {
    const where = lines.map(([first, last]) => `${first}-${last}`).join(', ');
    itWhereThere(`${name}, lines ${where}`, () =>
      expectSample({ source: runLines(name, lines), outputs, seed: 0 }, () => {
        torch.manual_seed(0);
        return port();
      }),
    );
  }

  it('no sample of a docstring is left out', async () => {
    const [names, counts] = (await askPython(
      `${READ_LINES}
from torch.nn.modules.loss import __all__ as names
code = lambda line: line and not line.startswith('#')
counts = [sum(1 for line in lines_of(name) if code(line)) for name in names]`,
      ['names', 'counts'],
    )) as [string[], number[]];
    const covered = (name: string): number =>
      new Set(
        SAMPLES.filter((sample) => sample.name === name).flatMap(({ lines }) =>
          lines.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)),
        ),
      ).size;
    const missing = names.filter((name, i) => covered(name) < counts[i]!);
    if (missing.length) throw new Error(`docstrings with lines that no sample runs: ${missing}`);
  });
});
