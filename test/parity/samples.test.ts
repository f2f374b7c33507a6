/**
 * The classic use of each of the 21 losses with manual_seed(0), compared with the same program in Python: exact value
 * and gradients.
 */
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample } from './parity';

const F = nn.functional;
const leaf = (...size: number[]): Tensor => torch.randn(size, { requires_grad: true });
const signs = (...size: number[]): Tensor => torch.empty(size).bernoulli_().mul_(2).sub_(1);
const LEAF = 'torch.randn(32, 10, requires_grad=True)';
const SIGNS = (size: string): string => `torch.empty(${size}).bernoulli_().mul_(2).sub_(1)`;

interface Usage {
  loss: string;
  /** In Python: the lines that make the arguments, the inputs that get gradients, and the call. */
  python: readonly string[];
  inputs: readonly string[];
  call: string;
  /** Returns the inputs that get gradients, and the loss. */
  port: () => [inputs: Tensor[], loss: Tensor];
}

/** Returns the sample of a loss with input x and target y. */
const simple = (
  loss: string,
  target: string,
  call: string,
  makeTarget: () => Tensor,
  compute: (x: Tensor, y: Tensor) => Tensor,
): Usage => ({
  loss,
  python: [`x = ${LEAF}`, `y = ${target}`],
  inputs: ['x'],
  call,
  port: () => {
    const x = leaf(32, 10);
    return [[x], compute(x, makeTarget())];
  },
});

const normal = (): Tensor => torch.randn(32, 10);
const uniform = (): Tensor => torch.rand(32, 10);
const labels = (): Tensor => torch.randint(0, 10, [32]);
const zeroOne = (): Tensor => torch.empty(32, 10).random_(2);
const NORMAL = 'torch.randn(32, 10)';
const UNIFORM = 'torch.rand(32, 10)';
const LABELS = 'torch.randint(0, 10, (32,))';

const USAGES: readonly Usage[] = [
  simple('L1Loss', NORMAL, 'nn.L1Loss()(x, y)', normal, (x, y) => new nn.L1Loss()(x, y)),
  simple('MSELoss', NORMAL, 'nn.MSELoss()(x, y)', normal, (x, y) => new nn.MSELoss()(x, y)),
  simple('SmoothL1Loss', NORMAL, 'nn.SmoothL1Loss(beta=0.5)(x, y)', normal, (x, y) =>
    new nn.SmoothL1Loss({ beta: 0.5 })(x, y),
  ),
  simple('HuberLoss', NORMAL, 'nn.HuberLoss(delta=0.7)(x, y)', normal, (x, y) =>
    new nn.HuberLoss({ delta: 0.7 })(x, y),
  ),
  simple('NLLLoss', LABELS, 'nn.NLLLoss()(F.log_softmax(x, dim=1), y)', labels, (x, y) =>
    new nn.NLLLoss()(F.log_softmax(x, { dim: 1 }), y),
  ),
  simple(
    'CrossEntropyLoss',
    LABELS,
    'nn.CrossEntropyLoss(label_smoothing=0.1)(x, y)',
    labels,
    (x, y) => new nn.CrossEntropyLoss({ label_smoothing: 0.1 })(x, y),
  ),
  simple(
    'KLDivLoss',
    'F.softmax(torch.randn(32, 10), dim=1)',
    'nn.KLDivLoss(reduction="batchmean")(F.log_softmax(x, dim=1), y)',
    () => F.softmax(torch.randn(32, 10), { dim: 1 }),
    (x, y) => new nn.KLDivLoss({ reduction: 'batchmean' })(F.log_softmax(x, { dim: 1 }), y),
  ),
  simple(
    'PoissonNLLLoss',
    'torch.randint(0, 6, (32, 10)).float()',
    'nn.PoissonNLLLoss(full=True)(x, y)',
    () => torch.randint(0, 6, [32, 10]).float(),
    (x, y) => new nn.PoissonNLLLoss({ full: true })(x, y),
  ),
  {
    loss: 'GaussianNLLLoss',
    python: [`x = ${LEAF}`, `y = ${NORMAL}`, `v = ${LEAF}`],
    inputs: ['x', 'v'],
    call: 'nn.GaussianNLLLoss(full=True)(x, y, v.exp())',
    port: () => {
      const x = leaf(32, 10);
      const y = normal();
      const v = leaf(32, 10);
      return [[x, v], new nn.GaussianNLLLoss({ full: true })(x, y, v.exp())];
    },
  },
  simple('BCELoss', UNIFORM, 'nn.BCELoss()(torch.sigmoid(x), y)', uniform, (x, y) =>
    new nn.BCELoss()(torch.sigmoid(x), y),
  ),
  simple(
    'BCEWithLogitsLoss',
    'torch.empty(32, 10).random_(2)',
    'nn.BCEWithLogitsLoss(pos_weight=torch.full([10], 3.0))(x, y)',
    zeroOne,
    (x, y) => new nn.BCEWithLogitsLoss({ pos_weight: torch.full([10], torch.asFloat(3)) })(x, y),
  ),
  simple(
    'HingeEmbeddingLoss',
    SIGNS('32, 10'),
    'nn.HingeEmbeddingLoss()(x, y)',
    () => signs(32, 10),
    (x, y) => new nn.HingeEmbeddingLoss()(x, y),
  ),
  simple(
    'SoftMarginLoss',
    SIGNS('32, 10'),
    'nn.SoftMarginLoss()(x, y)',
    () => signs(32, 10),
    (x, y) => new nn.SoftMarginLoss()(x, y),
  ),
  simple(
    'MultiLabelMarginLoss',
    'torch.cat([torch.stack([torch.randperm(10)[:3] for _ in range(32)]), -torch.ones(32, 7, dtype=torch.long)], 1)',
    'nn.MultiLabelMarginLoss()(x, y)',
    () => {
      const rows = Array.from({ length: 32 }, () => torch.randperm(10).index(torch.slice(3)));
      return torch.cat([torch.stack(rows), torch.ones(32, 7, { dtype: torch.long }).neg()], 1);
    },
    (x, y) => new nn.MultiLabelMarginLoss()(x, y),
  ),
  simple(
    'MultiLabelSoftMarginLoss',
    'torch.empty(32, 10).random_(2)',
    'nn.MultiLabelSoftMarginLoss()(x, y)',
    zeroOne,
    (x, y) => new nn.MultiLabelSoftMarginLoss()(x, y),
  ),
  simple('MultiMarginLoss', LABELS, 'nn.MultiMarginLoss(p=2)(x, y)', labels, (x, y) =>
    new nn.MultiMarginLoss({ p: 2 })(x, y),
  ),
  {
    loss: 'CosineEmbeddingLoss',
    python: [`a = ${LEAF}`, `b = ${LEAF}`, `y = ${SIGNS('32')}`],
    inputs: ['a', 'b'],
    call: 'nn.CosineEmbeddingLoss(margin=0.2)(a, b, y)',
    port: () => {
      const [a, b, y] = [leaf(32, 10), leaf(32, 10), signs(32)];
      return [[a, b], new nn.CosineEmbeddingLoss({ margin: 0.2 })(a, b, y)];
    },
  },
  {
    loss: 'MarginRankingLoss',
    python: [
      'a = torch.randn(32, requires_grad=True)',
      'b = torch.randn(32, requires_grad=True)',
      `y = ${SIGNS('32')}`,
    ],
    inputs: ['a', 'b'],
    call: 'nn.MarginRankingLoss(margin=0.5)(a, b, y)',
    port: () => {
      const [a, b, y] = [leaf(32), leaf(32), signs(32)];
      return [[a, b], new nn.MarginRankingLoss({ margin: 0.5 })(a, b, y)];
    },
  },
  {
    loss: 'TripletMarginLoss',
    python: [`a = ${LEAF}`, `b = ${LEAF}`, `c = ${LEAF}`],
    inputs: ['a', 'b', 'c'],
    call: 'nn.TripletMarginLoss(swap=True)(a, b, c)',
    port: () => {
      const [a, b, c] = [leaf(32, 10), leaf(32, 10), leaf(32, 10)];
      return [[a, b, c], new nn.TripletMarginLoss({ swap: true })(a, b, c)];
    },
  },
  {
    loss: 'TripletMarginWithDistanceLoss',
    python: [
      'embedding = nn.Embedding(1000, 128)',
      'a, b, c = (embedding(torch.randint(0, 1000, (16,))) for _ in range(3))',
      'distance = nn.PairwiseDistance()',
    ],
    inputs: ['embedding.weight'],
    call: 'nn.TripletMarginWithDistanceLoss(distance_function=distance)(a, b, c)',
    port: () => {
      const embedding = new nn.Embedding(1000, 128);
      const rows = (): Tensor => embedding(torch.randint(0, 1000, [16]));
      const [a, b, c] = [rows(), rows(), rows()];
      const distance_function = new nn.PairwiseDistance();
      const loss = new nn.TripletMarginWithDistanceLoss({ distance_function })(a, b, c);
      return [[embedding.weight], loss];
    },
  },
  {
    loss: 'CTCLoss',
    python: [
      'x = torch.randn(50, 16, 20, requires_grad=True)',
      'targets = torch.randint(1, 20, (16, 30), dtype=torch.long)',
      'input_lengths = torch.randint(30, 51, (16,), dtype=torch.long)',
      'target_lengths = torch.randint(10, 30, (16,), dtype=torch.long)',
    ],
    inputs: ['x'],
    call: 'nn.CTCLoss()(F.log_softmax(x, 2), targets, input_lengths, target_lengths)',
    port: () => {
      const x = leaf(50, 16, 20);
      const targets = torch.randint(1, 20, [16, 30], { dtype: torch.long });
      const input_lengths = torch.randint(30, 51, [16], { dtype: torch.long });
      const target_lengths = torch.randint(10, 30, [16], { dtype: torch.long });
      const log_probs = F.log_softmax(x, { dim: 2 });
      return [[x], new nn.CTCLoss()(log_probs, targets, input_lengths, target_lengths)];
    },
  },
];

describe('parity: classic usage', () => {
  for (const { loss, python, inputs, call, port } of USAGES) {
    it(loss, () => {
      const source = [...python, `loss = ${call}`, 'loss.backward()'].join('\n');
      const outputs = ['loss', ...inputs.map((input) => `${input}.grad`)];
      return expectSample({ source, outputs, seed: 0 }, () => {
        torch.manual_seed(0);
        const [leaves, value] = port();
        value.backward();
        return [value, ...leaves.map((input) => input.grad)];
      });
    });
  }
});
