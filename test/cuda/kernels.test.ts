/**
 * Compares the order of kernel launches with Python's. Simulated devices report the kernels; a GPU only gives results.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'chai';
import torch from 'torch-losses';

import { PYTHON } from '../parity/parity';
import { describeCuda } from './gpu';

/** The arguments of each loss, as an expression in both languages. */
const LOSSES: Readonly<Record<string, string>> = {
  L1Loss: 'scores(), values()',
  MSELoss: 'scores(), values()',
  SmoothL1Loss: 'scores(), values()',
  HuberLoss: 'scores(), values()',
  KLDivLoss: 'scores(), values()',
  PoissonNLLLoss: 'scores(), values()',
  GaussianNLLLoss: 'scores(), values(), ones()',
  BCELoss: 'scores().sigmoid(), ones()',
  BCEWithLogitsLoss: 'scores(), ones()',
  NLLLoss: 'scores(), classes()',
  CrossEntropyLoss: 'scores(), classes()',
  MultiMarginLoss: 'scores(), classes()',
  MultiLabelMarginLoss: 'scores(), labels()',
  MultiLabelSoftMarginLoss: 'scores(), ones()',
  SoftMarginLoss: 'scores(), ones()',
  HingeEmbeddingLoss: 'scores(), ones()',
  MarginRankingLoss: 'scores(), scores(), ones()',
  CosineEmbeddingLoss: 'scores(), scores(), ones().select(1, 0)',
  TripletMarginLoss: 'scores(), scores(), scores()',
  TripletMarginWithDistanceLoss: 'scores(), scores(), scores()',
  LinearCrossEntropyLoss: 'scores(), classes()',
  CTCLoss: 'scores().unsqueeze(1), labels().select(0, 0).narrow(0, 0, 4), lengths(32), lengths(4)',
};

/** The classes whose constructors need arguments. */
const MADE_OF: Readonly<Record<string, readonly number[]>> = { LinearCrossEntropyLoss: [10, 5] };

const IN_PYTHON = `
import json, os, sys, torch
torch.manual_seed(0)
def tell(text): os.write(2, (text + "\\n").encode())
names = dict(
    scores=lambda: torch.randn(32, 10).cuda().requires_grad_(), values=lambda: torch.randn(32, 10).cuda(),
    ones=lambda: torch.ones(32, 10).cuda(), classes=lambda: torch.zeros(32, dtype=torch.int64).cuda(),
    labels=lambda: torch.ones(32, 10, dtype=torch.int64).cuda(), lengths=lambda n: torch.tensor([n]))
for name, inputs, made_of in json.loads(sys.argv[1]):
    loss = getattr(torch.nn, name)(*made_of).cuda(); args = eval("[" + inputs + "]", names)
    tell("> " + name); value = loss(*args); tell("> backward"); value.backward(); tell("> end")
os._exit(0)  # libtorch's threads of the devices may end the interpreter with an error while it stops
`;

const IN_JAVASCRIPT = `
const fs = require('node:fs'); const torch = require('torch-losses');
torch.manual_seed(0);
const tell = (text) => fs.writeSync(2, text + '\\n');
const int64 = { dtype: torch.int64 };
const names = {
  scores: () => torch.randn(32, 10).cuda().requires_grad_(), values: () => torch.randn(32, 10).cuda(),
  ones: () => torch.ones(32, 10).cuda(), classes: () => torch.zeros(32, int64).cuda(),
  labels: () => torch.ones(32, 10, int64).cuda(), lengths: (n) => torch.tensor([n]),
};
for (const [name, inputs, madeOf] of JSON.parse(process.argv[1])) {
  const loss = new torch.nn[name](...madeOf).cuda();
  const args = new Function(...Object.keys(names), 'return [' + inputs + ']')(...Object.values(names));
  tell('> ' + name); const value = loss(...args); tell('> backward'); value.backward(); tell('> end');
}
`;

async function launchedBy(command: string, ...args: string[]): Promise<string[]> {
  const env = { ...process.env, SIMULATED_CUDA_TRACE: '1' };
  const rows = Object.entries(LOSSES).map(([name, inputs]) => [name, inputs, MADE_OF[name] ?? []]);
  const { stderr } = await promisify(execFile)(command, [...args, JSON.stringify(rows)], { env });
  const told = stderr.split('\n').filter((line) => /^(>|aten::)/.test(line)); // no warnings
  const blocks = told.join('\n').split('> end').slice(0, -1);
  // Leaves out the kernels that make the inputs.
  return blocks.map((block) => block.slice(block.indexOf('> ')));
}

describeCuda('kernels', () => {
  if (!/^Simulated/.test(torch.cuda.get_device_name())) {
    it('SKIPPED: only simulated devices tell which kernels are launched');
    return;
  }

  it('are launched as by Python, forward and backward', async () => {
    const [python, ours] = await Promise.all([
      launchedBy(PYTHON, '-c', IN_PYTHON),
      launchedBy(process.execPath, '-e', IN_JAVASCRIPT),
    ]);
    expect(ours).to.deep.equal(python);
    expect(ours).to.have.length(Object.keys(LOSSES).length);
    expect(ours.join('')).to.match(
      /> CrossEntropyLoss\naten::_log_softmax\naten::nll_loss_forward/,
    );
  }).timeout(60_000);
});
