/** Files that are mapped into memory: the same losses as of copies, and no crash if a file becomes shorter. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { Column } from '../../dist/batch/inputs';
import { Sources } from '../../dist/batch/sources';
import { temporaryFolder } from '../support/folder';

const { numpy } = torch.utils;
const ROWS = 20_000;

describe('batch: mapped files', () => {
  const file = temporaryFolder();
  const sources = new Sources();

  after(() => sources.close());

  /** Whether a file is mapped into this process. */
  const isMapped = (path: string): boolean =>
    readFileSync('/proc/self/maps', 'utf8').includes(path);

  async function loaded(path: string, from: number, to: number): Promise<[Column, Tensor]> {
    const column = await Column.open('input', path, 0, sources);
    const memory = new SharedArrayBuffer((to - from) * column.rowBytes);
    return [column, await column.load(from, to, memory)];
  }

  before(() => {
    torch.manual_seed(11);
    const x = torch.randn(ROWS, 64);
    numpy.save(file('x.npy'), x);
    torch.safetensors.save_file({ name: torch.ones(3), x }, file('x.safetensors'));
    numpy.savez(file('x.npz'), { x });
    numpy.save(file('odd.npy'), torch.randn(ROWS, 33));
    numpy.save(file('y.npy'), torch.randn(ROWS, 33));
  });

  it('are .npy, .npz and safetensors that are aligned, until their rows are no longer used', async () => {
    const x = numpy.load(file('x.npy')) as Tensor;
    for (const name of ['x.npy', 'x.safetensors:x', 'x.npz:x']) {
      const path = file(name).split(':')[0]!;
      const [column, rows] = await loaded(file(name), 8, 9000);
      // In other formats, an array may begin where no element is aligned.
      if (name.endsWith('.npy')) expect(isMapped(path), name).to.equal(true);
      expect(torch.equal(rows, x.narrow(0, 8, 8992)), name).to.equal(true);
      // What is written to the rows is not written to the file.
      rows.zero_();
      const [, again] = await loaded(file(name), 8, 9000);
      expect(torch.equal(again, x.narrow(0, 8, 8992)), name).to.equal(true);
      column.checkWhole(8, rows);
      rows.dispose();
      again.dispose();
      expect(isMapped(path), name).to.equal(false);
    }
  });

  it('are copied where rows are not aligned or few, and have the same losses', async () => {
    const [, odd] = await loaded(file('odd.npy'), 1, 10_000);
    const [, few] = await loaded(file('odd.npy'), 0, 100);
    expect(isMapped(file('odd.npy'))).to.equal(false);
    const [x, y] = ['odd.npy', 'y.npy'].map((name) => numpy.load(file(name)) as Tensor);
    expect(torch.equal(odd, x!.narrow(0, 1, 9999))).to.equal(true);
    expect(torch.equal(few, x!.narrow(0, 0, 100))).to.equal(true);
    const expected = nn.functional.huber_loss(x!, y!, { reduction: 'none' });
    const files = { input: file('odd.npy'), target: file('y.npy') };
    for (const memory of [2e7, 1e7, 2 ** 30]) {
      const options = { out: file('losses.npy'), memory, overwrite: true };
      await evaluate(new nn.HuberLoss(), files, options).summary();
      expect(torch.equal(numpy.load(options.out) as Tensor, expected)).to.equal(true);
    }
  });

  it('that become shorter give zeros for what is gone, and an error', async () => {
    copyFileSync(file('x.npy'), file('cut.npy'));
    const [column, rows] = await loaded(file('cut.npy'), 0, ROWS);
    const first = rows.narrow(0, 0, 64).clone();
    column.checkWhole(0, rows);
    truncateSync(file('cut.npy'), 2 ** 20);
    expect(
      rows
        .narrow(0, ROWS - 10, 10)
        .abs()
        .sum()
        .item(),
    ).to.equal(0);
    expect(torch.equal(rows.narrow(0, 0, 64), first)).to.equal(true);
    expect(() => column.checkWhole(0, rows))
      .to.throw('cut.npy has changed while the job ran')
      .with.property('problem', 'data');
    rows.dispose();
    // Here it is shorter before it is mapped.
    const gone = await loaded(file('cut.npy'), 0, ROWS).catch((error: Error) => error);
    expect((gone as Error).message).to.include('cut.npy');
  });

  it('that become shorter while a job computes end it with their name', async () => {
    for (const keep of [200, 2 ** 20]) {
      copyFileSync(file('x.npy'), file('job.npy'));
      const files = { input: file('job.npy'), target: file('x.npy') };
      const job = evaluate(new nn.MSELoss(), files, { memory: 8e6 });
      let error: unknown;
      try {
        for await (const _step of job) truncateSync(file('job.npy'), keep);
      } catch (caught) {
        error = caught;
      }
      expect(error).to.include({ name: 'BatchError', problem: 'data', file: file('job.npy') });
    }
  });

  it('leave the signal to others where it is of no mapped file', () => {
    const script = `
      const { evaluate } = require('torch-losses/batch');
      const { nn } = require('torch-losses');
      const files = { input: process.argv[1], target: process.argv[1] };
      evaluate(new nn.MSELoss(), files).summary().then(({ mean }) => {
        console.log(mean);
        process.kill(process.pid, 'SIGBUS');
        setTimeout(() => console.log('alive'), 2000);
      });`;
    const { stdout, signal } = spawnSync(process.execPath, ['-e', script, file('x.npy')], {
      encoding: 'utf8',
    });
    expect({ stdout, signal }).to.deep.equal({ stdout: '0\n', signal: 'SIGBUS' });
  });
});
