/** Cases that torch_losses_case.py saves in Python, run here: equal ones and different ones. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import torch, { safetensors } from 'torch-losses';

import { PACKAGE_ROOT } from '../../dist/bindings/libtorch/folders';
import { runCase } from '../../dist/testing/parity/run_case';
import { itWhereThere } from '../support/versions';
import { askPython } from './parity';

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
});
after(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, `${name}.safetensors`);

const HELPER = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity'))})
from torch_losses_case import save_case
x, y, z = (torch.randn(16, 10, requires_grad=True) for _ in range(3))
t = torch.randint(0, 10, (16,))
p, q = torch.rand(16, 10, requires_grad=True), torch.rand(16, 10)
s = torch.randint(0, 2, (16,)) * 2 - 1
log_probs = torch.randn(12, 4, 6).log_softmax(2).requires_grad_()
`;

/** Losses with arguments, as Python source. */
const CASES: Record<string, string> = {
  L1Loss: 'nn.L1Loss(), x, q',
  'mse_loss, transposed and of every element': "F.mse_loss, x.t(), q.t(), reduction='none'",
  'mse_loss, weighted': 'F.mse_loss, x, q, weight=p',
  HuberLoss: 'nn.HuberLoss(delta=0.3), x, y',
  'SmoothL1Loss of an expanded tensor': 'nn.SmoothL1Loss(beta=0.5), x, q[:1].expand(16, 10)',
  KLDivLoss: "nn.KLDivLoss(reduction='batchmean', log_target=True), x, y",
  PoissonNLLLoss: 'nn.PoissonNLLLoss(full=True), x, q',
  'GaussianNLLLoss of a number': 'F.gaussian_nll_loss, x, q, 0.5',
  GaussianNLLLoss: 'nn.GaussianNLLLoss(), x, q, p',
  BCELoss: 'nn.BCELoss(weight=q), p, q',
  BCEWithLogitsLoss: 'nn.BCEWithLogitsLoss(pos_weight=q[0]), x, q',
  HingeEmbeddingLoss: 'nn.HingeEmbeddingLoss(), x, q',
  SoftMarginLoss: 'nn.SoftMarginLoss(), x, q',
  MarginRankingLoss: 'nn.MarginRankingLoss(margin=0.2), x[:, 0], y[:, 1], s',
  MultiLabelSoftMarginLoss: 'nn.MultiLabelSoftMarginLoss(weight=q[0]), x, q',
  MultiLabelMarginLoss: 'nn.MultiLabelMarginLoss(), x, torch.randint(-1, 10, (16, 10))',
  MultiMarginLoss: 'nn.MultiMarginLoss(p=2, margin=0.5), x, t',
  NLLLoss: 'nn.NLLLoss(ignore_index=3), x, t',
  CrossEntropyLoss: 'nn.CrossEntropyLoss(weight=q[0], label_smoothing=0.1), x, t',
  'cross_entropy in bfloat16': 'F.cross_entropy, x.bfloat16(), t',
  CosineEmbeddingLoss: 'nn.CosineEmbeddingLoss(margin=0.5), x, y, s',
  TripletMarginLoss: "nn.TripletMarginLoss(p=float('inf'), swap=True), x, y, z",
  TripletMarginWithDistanceLoss: 'nn.TripletMarginWithDistanceLoss(margin=0.5), x, y, z',
  triplet_margin_with_distance_loss:
    'F.triplet_margin_with_distance_loss, x, y, z, distance_function=nn.PairwiseDistance(p=1.0)',
  CTCLoss: 'nn.CTCLoss(), log_probs, torch.randint(1, 6, (4, 5)), (12, 12, 10, 7), [5, 3, 4, 0]',
  'a class of the user’s': 'Own(), x, t',
};

const OWN = `
class Own(nn.CrossEntropyLoss):
    def forward(self, input, target):
        return super().forward(input * 2, target)
class GoesOn(nn.CrossEntropyLoss):
    def forward(self, input, target):
        return super().forward(input, target) * 3
`;

describe('parity: case files', () => {
  before('save them in Python', async function () {
    this.timeout(30_000);
    const calls = Object.entries(CASES).map(
      ([name, call]) => `save_case(${JSON.stringify(file(name))}, ${call})`,
    );
    const [before] = await askPython(`${HELPER}${OWN}\n${calls.join('\n')}`, [
      '[x.grad, x.is_leaf, F.cross_entropy.__name__]',
    ]);
    expect(before, 'the program’s own tensors are as they were').to.deep.equal([
      null,
      true,
      'cross_entropy',
    ]);
  });

  for (const name of Object.keys(CASES)) {
    it(`${name}: equal`, () => {
      const report = runCase(file(name));
      expect(report.results.map(({ name, difference }) => [name, difference])).to.deep.equal(
        report.results.map(({ name }) => [name, null]),
      );
      expect(report.verdict).to.equal('equal');
      expect(report.results.length).to.be.at.least(2);
      expect(report.notes).to.deep.equal([]);
    });
  }

  itWhereThere('LinearCrossEntropyLoss, with its options: equal', async () => {
    const options = 'nn.LinearCrossEntropyOptions(batch_chunk_size=3)';
    const loss = `nn.LinearCrossEntropyLoss(10, 7, bias=True, options=${options})`;
    const call = `save_case(${JSON.stringify(file('linear'))}, ${loss}, x, t % 7)`;
    await askPython(`${HELPER}\n${call}`, []);
    const { verdict, results } = runCase(file('linear'));
    expect(verdict).to.equal('equal');
    expect(results.map(({ name }) => name)).to.deep.equal([
      'value',
      'grad.input',
      'grad.linear_weight',
      'grad.linear_bias',
    ]);
  });

  it('says where a gradient differs, and by how much', () => {
    const tensors = safetensors.load_file(file('CrossEntropyLoss'));
    const { metadata } = metadataOf(file('CrossEntropyLoss'));
    const grad = tensors.get('grad.input')!;
    const bits = new Int32Array(grad.toTypedArray().buffer as ArrayBuffer);
    bits[37]! += 5;
    bits[99]! -= 2;
    tensors.set('grad.input', torch.tensor(new Float32Array(bits.buffer), { shape: [16, 10] }));
    safetensors.save_file(tensors, file('changed'), metadata);
    const report = runCase(file('changed'));
    expect(report.verdict).to.equal('different');
    const [value, gradient] = report.results;
    expect(value!.verdict).to.equal('equal');
    expect(gradient!.name).to.equal('grad.input');
    const { different, count, ulps, at } = gradient!.difference!;
    expect({ different, count, ulps, at }).to.deep.equal({
      different: 2,
      count: 160,
      ulps: { greatest: 5, median: 2 },
      at: [3, 7],
    });
    expect(runCase(file('changed'), { rtol: 1e-5 }).verdict).to.equal('close');
    const named = { tolerances: { 'grad.input': { ulps: 5 } } };
    expect(runCase(file('changed'), named).verdict).to.equal('close');
    expect(runCase(file('changed'), { ulps: 4 }).verdict).to.equal('different');
  });

  const REFUSED: Record<string, [change: (contents: Contents) => void, message: RegExp]> = {
    'no value': [({ tensors }) => tensors.delete('value'), /no tensor "value"/],
    'no loss': [({ metadata }) => delete metadata['loss'], /no text "loss"/],
    'an unknown loss': [({ metadata }) => (metadata['loss'] = 'constructor'), /"constructor"/],
    'options that are no JSON': [({ metadata }) => (metadata['options'] = '{'), /no JSON object/],
    'an option of no meaning': [({ metadata }) => (metadata['options'] = '{"a":{"b":1}}'), /"a"/],
    'an unknown argument': [({ metadata }) => (metadata['options'] = '{"a":1}'), /no argument "a"/],
    'a missing argument': [
      ({ tensors }) => tensors.delete('target'),
      /cross_entropy needs the argument "target"/,
    ],
    'a gradient of nothing': [
      ({ tensors }) => tensors.set('grad.x', torch.ones(1)),
      /gradient of "x", and no such tensor/,
    ],
    'a gradient of another shape': [
      ({ tensors }) => tensors.set('grad.input', torch.ones(1)),
      /gradient of "input" of shape \[1\]/,
    ],
    'strides that do not fit': [
      ({ metadata }) => (metadata['strides'] = '{"input":[1]}'),
      /strides of "input"/,
    ],
    'strides beyond all memory': [
      ({ metadata }) => (metadata['strides'] = '{"input":[1,67108864]}'),
      /strides of "input"/,
    ],
  };

  for (const [what, [change, message]] of Object.entries(REFUSED)) {
    it(`refuses a file with ${what}`, () => {
      const contents = metadataOf(file('CrossEntropyLoss'));
      change(contents);
      safetensors.save_file(contents.tensors, file('refused'), contents.metadata);
      expect(() => runCase(file('refused'))).to.throw(RangeError, message);
    });
  }

  it('reads what np.savez saves', () => {
    // A case with numpy's names. test/serialization/npz.test.ts tests the format itself.
    const report = runCase(path.join(PACKAGE_ROOT, 'test', 'fixtures', 'case.npz'), {
      rtol: 1e-6,
      atol: 1e-7,
    });
    expect(report.loss).to.equal('cross_entropy');
    expect(report.results.map(({ name }) => name)).to.deep.equal(['value', 'grad.input']);
    expect(report.verdict).not.to.equal('different');
  });

  it('in Python: refuses what the file cannot hold', async () => {
    const attempts = [
      'nn.AdaptiveLogSoftmaxWithLoss(10, 20, [5]), x, t',
      'nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).sum(1)), x, y, z',
      '3, x',
      'lambda a, b: F.mse_loss(a, b) + F.l1_loss(a, b), x, y',
      'GoesOn(), x, t',
      'lambda a, b: F.mse_loss(a, b).exp(), x, y',
    ];
    const source = `${HELPER}${OWN}
def text_of(run):
    try:
        return str(run())
    except TypeError as error:
        return str(error)
texts = [text_of(run) for run in [${attempts
      .map((attempt) => `lambda: save_case(${JSON.stringify(file('none'))}, ${attempt})`)
      .join(', ')}]]`;
    const [texts] = (await askPython(source, ['texts'])) as [string[]];
    expect(texts[0]).to.match(/calls 0 loss functions/);
    expect(texts[1]).to.match(/distance_function is a function, which the file cannot hold/);
    expect(texts[2]).to.match(/must be a function or a module, got int/);
    expect(texts[3]).to.match(/calls 2 loss functions/);
    expect(texts[4]).to.match(/goes on computing with the value of cross_entropy.*record_run/);
    expect(texts[5]).to.match(/goes on computing with the value of mse_loss/);
  });
});

interface Contents {
  tensors: Map<string, torch.Tensor>;
  metadata: Record<string, string>;
}

/** Returns the contents of a file with its metadata. */
function metadataOf(name: string): Contents {
  const bytes = readFileSync(name);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as {
    __metadata__: Record<string, string>;
  };
  return { tensors: safetensors.load_file(name), metadata: header.__metadata__ };
}
