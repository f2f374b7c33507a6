/**
 * Tests the code in the documentation: all of it compiles, each example prints the output that it shows, and each line
 * that stands beside Python's gives the same result.
 */
import { expect } from 'chai';
import torch from 'torch-losses';

import { expectSample } from '../parity/parity';
import { rowsThere } from '../support/versions';
import { withWarnings } from '../support/warnings';
import { compile } from './compile';
import { asModule, codeOf, documentedLosses, firstOutput, load, printed, shown } from './examples';
import { type Line, readPorting } from './porting';

/** The guides whose examples are run. */
const GUIDES: readonly string[] = ['servers', 'training'];
const README = '../../README';
/** Documents whose code is only compiled, since it needs a GPU, a server or the reader's own data. */
const COMPILED: readonly string[] = [
  'batch',
  'cuda',
  'distributed',
  'memory',
  'modules',
  'parity',
  'performance',
  'testing',
  'weights',
  README,
];

/** Declarations of names that this code uses without defining them. */
const READERS = `
import type { MessagePort, Worker } from 'node:worker_threads';
declare const x: Tensor, y: Tensor, input: Tensor, target: Tensor, weight: Tensor, ours: Tensor, theirs: Tensor;
declare const log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor;
declare const model: nn.Linear, criterion: nn.CrossEntropyLoss, optimizer: torch.optim.SGD;
declare const scaler: torch.amp.GradScaler, batches: [Tensor, Tensor][], read: () => Promise<Tensor>;
declare const worker: Worker, parentPort: MessagePort, token: torch.SharedTensor, signal: AbortSignal;
declare const net: nn.parallel.DistributedDataParallel<nn.Linear>;
declare let best: Tensor;
`;

describe('documentation', () => {
  const lines: readonly Line[] = readPorting();
  let examples: Map<string, string>;
  let compiled: Map<string, string>;

  before('compile', async function () {
    this.timeout(120_000);
    examples = await codeOf({ losses: true, guides: GUIDES });
    const all = [...examples, ...(await codeOf({ guides: COMPILED }))];
    compiled = compile(
      new Map([
        ...all.map(([name, code]): [string, string] => [name, asModule(code, READERS)]),
        ...lines.map(({ typescript }, i): [string, string] => [`porting-${i}`, typescript]),
      ]),
    );
  });

  it('gives every loss an example', () => {
    expect([...examples.keys()].filter((name) => name.endsWith('Loss-1'))).to.have.length.at.least(
      23,
    );
  });

  it('finds the type of each parameter of a loss', async () => {
    for (const { name, options } of await documentedLosses()) {
      const { signature } = (
        torch.nn as unknown as Record<string, { signature: { name: string }[] }>
      )[name]!;
      expect([...options.keys()], name).to.have.members(
        signature.map((parameter) => parameter.name),
      );
    }
  });

  it('shows what its examples print', async function () {
    for (const [name, code] of rowsThere([...examples], ([, code]) => code, this.test!)) {
      const { value } = await withWarnings(() => printed(compiled.get(name)!));
      expect(await value, name).to.equal(shown(code));
    }
  });

  it('shows what the first program of the README prints', async () => {
    expect(await printed(compiled.get(`${README}-1`)!)).to.equal(firstOutput());
  });

  for (const [index, { name, python }] of lines.entries()) {
    it(`ports ${name}`, () =>
      expectSample(python, () => {
        torch.manual_seed(0);
        const { line } = load(compiled.get(`porting-${index}`)!) as { line: () => unknown };
        return [line()];
      }));
  }
});
