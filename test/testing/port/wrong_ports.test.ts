/** Ports that are wrong in one way each, and the same made right. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import type { RunReport } from '../../../dist/testing/parity/port/comparison';
import { reportOn } from '../../../dist/testing/parity/port/replay';
import { INPUTS, type Inputs, inputsOf, recorded } from './recorded';

const F = nn.functional;

interface Case {
  /** What Python records as `value`, and the same in TypeScript. */
  python: string;
  right(inputs: Inputs): Tensor;
  /** A port that is wrong in one way, and the one thing that is said of it. */
  wrong(inputs: Inputs): Tensor;
  says: RegExp;
}

const pick = (x: Tensor, t: Tensor): Tensor =>
  x.log_softmax(1).gather(1, t.unsqueeze(1)).squeeze(1);
const PICK = 'x.log_softmax(1).gather(1, t.unsqueeze(1)).squeeze(1)';

const CASES: Record<string, Case> = {
  'a sum for a mean': {
    python: 'x.exp().mul(y).mean()',
    right: ({ x, y }) => x.exp().mul(y).mean(),
    wrong: ({ x, y }) => x.exp().mul(y).sum(),
    says: /times 160, which is the number of elements of "x": a sum where Python has a mean/,
  },
  'a mean for batchmean': {
    python: "F.kl_div(x.log_softmax(1), y, reduction='batchmean')",
    right: ({ x, y }) => F.kl_div(x.log_softmax(1), y, { reduction: 'batchmean' }),
    wrong: ({ x, y }) => F.kl_div(x.log_softmax(1), y, { reduction: 'sum' }).div(160),
    says: /divided by 10, which is the size of dimension 1 of "x"/,
  },
  'a mean that is not divided by the weights': {
    python: `(${PICK} * w[t]).sum() / w[t].sum()`,
    right: ({ x, t, w }) => pick(x, t).mul(w.index(t)).sum().div(w.index(t).sum()),
    wrong: ({ x, t, w }) => pick(x, t).mul(w.index(t)).sum().div(16),
    says: /the sum of "w" at "t".*divided by the number of elements, where Python divides by the sum/,
  },
  'an index that is not ignored': {
    python: `${PICK} * (t != 7)`,
    right: ({ x, t }) => pick(x, t).mul(t.ne(7)),
    wrong: ({ x, t }) => pick(x, t),
    says: /those where "t" is 7: is that value ignored/,
  },
  'a mask that is not applied': {
    python: 'x * m',
    right: ({ x, m }) => x.mul(m),
    wrong: ({ x }) => x,
    says: /those where "m" is false: is that value ignored or masked/,
  },
  'a mask of rows that is not applied': {
    python: 'x.masked_fill(r.unsqueeze(1), 0)',
    right: ({ x, r }) => x.masked_fill(r.unsqueeze(1), 0),
    wrong: ({ x }) => x,
    says: /those where "r" is true: is that value ignored or masked/,
  },
  'the other sign': {
    python: PICK,
    right: ({ x, t }) => pick(x, t),
    wrong: ({ x, t }) => pick(x, t).neg(),
    says: /^The sign is the opposite everywhere/,
  },
  'a transposition': {
    python: 'x @ y.t()',
    right: ({ x, y }) => x.matmul(y.t()),
    wrong: ({ x, y }) => x.matmul(y.t()).t(),
    says: /dimensions 0 and 1 swapped/,
  },
  'a permutation of the rows': {
    python: 'x.exp()',
    right: ({ x }) => x.exp(),
    wrong: ({ x }) => x.exp().flip([0]),
    says: /The rows are Python's in another order: row 0 is Python's row 15/,
  },
  'a shift by one': {
    python: 'y[:, 1:]',
    right: ({ y }) => y.narrow(1, 1, 9),
    wrong: ({ y }) => y.narrow(1, 0, 9),
    says: /shifted by one along dimension 1: index i has Python's of i - 1/,
  },
  'softmax twice': {
    python: 'x.softmax(1)',
    right: ({ x }) => x.softmax(1),
    wrong: ({ x }) => x.softmax(1).softmax(1),
    says: /are softmax of Python's: it is applied once too often/,
  },
  'no softmax': {
    python: 'x.softmax(1)',
    right: ({ x }) => x.softmax(1),
    wrong: ({ x }) => x,
    says: /Python's numbers are softmax of these: it is missing/,
  },
  'the log of a probability twice': {
    python: 'y.log()',
    right: ({ y }) => y.log(),
    wrong: ({ y }) => y.log().neg().log(),
    says: /are log of the negative of Python's: it is applied once too often/,
  },
  'cross_entropy of probabilities': {
    python: 'F.cross_entropy(x, t)',
    right: ({ x, t }) => F.cross_entropy(x, t),
    wrong: ({ x, t }) => F.cross_entropy(x.softmax(1), t),
    says: /those of cross_entropy\(x, t.*, these of cross_entropy\(softmax\(x\), t/,
  },
  'no label_smoothing': {
    python: 'F.cross_entropy(x, t, label_smoothing=0.1)',
    right: ({ x, t }) => F.cross_entropy(x, t, { label_smoothing: 0.1 }),
    wrong: ({ x, t }) => F.cross_entropy(x, t),
    says: /label_smoothing=0\.1.*, these of .*label_smoothing=0,/,
  },
  'no weight': {
    python: "F.cross_entropy(x, t, weight=w, reduction='none')",
    right: ({ x, t, w }) => F.cross_entropy(x, t, { weight: w, reduction: 'none' }),
    wrong: ({ x, t }) => F.cross_entropy(x, t, { reduction: 'none' }),
    says: /cross_entropy\(x, t, weight=w.*, these of cross_entropy\(x, t, label/,
  },
  'a sigmoid taken twice': {
    python: 'F.binary_cross_entropy_with_logits(x, y)',
    right: ({ x, y }) => F.binary_cross_entropy_with_logits(x, y),
    wrong: ({ x, y }) => F.binary_cross_entropy_with_logits(x.sigmoid(), y),
    says: /those of binary_cross_entropy_with_logits\(x, .*, these of .*\(sigmoid\(x\)/,
  },
  'float64 rounded to float32': {
    python: 'd.exp()',
    right: ({ d }) => d.exp(),
    wrong: ({ d }) => d.exp().to(torch.float32).to(torch.float64),
    says: /^Every number here is one of float32.*rounded to float32 on the way/,
  },
  'float64 rounded to float32 before the last operation': {
    python: 'd.exp().mul(d)',
    right: ({ d }) => d.exp().mul(d),
    wrong: ({ d }) => d.exp().to(torch.float32).to(torch.float64).mul(d),
    says: /as large as those of rounding to float32/,
  },
  'float32 rounded to half': {
    python: 'x.tanh()',
    right: ({ x }) => x.tanh(),
    wrong: ({ x }) => x.tanh().to(torch.float16).to(torch.float32),
    says: /one of float16/,
  },
  'float32 rounded to bfloat16': {
    python: 'x.tanh()',
    right: ({ x }) => x.tanh(),
    wrong: ({ x }) => x.tanh().to(torch.bfloat16).to(torch.float32),
    says: /one of bfloat16/,
  },
  'another order of summation': {
    python: '(d @ d.t()).sum(1)',
    right: ({ d }) => d.matmul(d.t()).sum(1),
    wrong: ({ d }) => d.matmul(d.t()).cumsum(1).index('...', -1).add(0),
    says: /of the size of rounding, without a bias/,
  },
};

describe('testing.parity: a port', () => {
  for (const [name, { python, right, wrong, says }] of Object.entries(CASES)) {
    describe(`with ${name}`, () => {
      let file: string;
      before(async () => {
        file = await recorded(name, `${INPUTS}\nrun.output('value', ${python})`);
      });
      const replayed = (port: (inputs: Inputs) => Tensor): Promise<RunReport> =>
        reportOn(file, (run) => run.check('value', port(inputsOf(run))));

      it('is told so, and nothing else', async () => {
        const { verdict, results } = await replayed(wrong);
        expect(verdict).to.equal('different');
        expect(results[0]!.diagnoses.join('\n')).to.match(says);
        expect(results[0]!.diagnoses).to.have.length(1);
      });

      it('made right is equal bit for bit', async () => {
        const { verdict, results } = await replayed(right);
        expect(results).to.have.length(1);
        expect(verdict).to.equal('equal');
      });
    });
  }

  /** Differences that none of the diagnoses explains. */
  const UNEXPLAINED: Record<string, [python: string, wrong: (inputs: Inputs) => Tensor]> = {
    'another exponent': ['y ** 2', ({ y }) => y.pow(2.1)],
    'an epsilon': ['(y + 1e-8).log()', ({ y }) => y.add(1e-3).log()],
    'an epsilon in float64': [
      '(d ** 2 + 1).log()',
      ({ d }) =>
        d
          .pow(2)
          .add(1 + 1e-7)
          .log(),
    ],
    'another factor for each row': ['x.exp()', ({ x, y }) => x.exp().mul(y.sum(1, true))],
    'a scalar of another loss': ['x.exp().mul(y).mean()', ({ x, y }) => x.sinh().mul(y).mean()],
    'a gradient of noise': ['x', ({ x, y }) => x.add(y.sub(0.5))],
    'one row': [
      'x.exp()',
      ({ x }) => torch.cat([x.narrow(0, 0, 15).exp(), x.narrow(0, 15, 1).cos()]),
    ],
  };
  for (const [name, [python, wrong]] of Object.entries(UNEXPLAINED)) {
    it(`with ${name}: nothing is said that does not fit`, async () => {
      const file = await recorded(name, `${INPUTS}\nrun.output('value', ${python})`);
      const report = await reportOn(file, (run) => run.check('value', wrong(inputsOf(run))));
      expect(report.verdict).to.equal('different');
      expect(report.results[0]!.diagnoses).to.deep.equal([]);
    });
  }
});
