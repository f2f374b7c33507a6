/** What a job shows: to a person at a terminal, to a program, and to a log. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';
import { MAIN, PYTHON, runEval } from './command';

const { numpy } = torch.utils;
const ROWS = 2000;

/** Runs a command with a terminal for standard error, and prints what it shows there. */
const IN_A_TERMINAL = `
import os, pty, subprocess, sys
leader, follower = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=follower)
os.close(follower)
try:
    while data := os.read(leader, 4096):
        sys.stdout.buffer.write(data)
except OSError:
    pass
sys.exit(child.wait())
`;

describe('batch: progress', () => {
  const file = temporaryFolder();
  let args: string[];

  before(() => {
    torch.manual_seed(41);
    numpy.save(file('x.npy'), torch.randn(ROWS, 10));
    numpy.save(file('y.npy'), torch.randint(0, 10, [ROWS]));
    args = [
      ...['--loss', 'CrossEntropyLoss', '--memory', '100K'],
      ...['--input', file('x.npy'), '--target', file('y.npy')],
    ];
  });

  it('on a terminal has speed, the time that is left and the mean', () => {
    const command = [process.execPath, MAIN, 'eval', ...args];
    const shown = execFileSync(PYTHON, ['-c', IN_A_TERMINAL, ...command], { encoding: 'utf8' });
    expect(shown).to.match(
      /Computing losses .* \d+\/2000 \(\d+%\) {2}[\d,]+ rows\/s {2}\d+ MB\/s {2}\d+ s left {2}mean \d\.\d+/,
    );
    expect(shown).to.include('Computing losses: done');
  }).timeout(30_000);

  it('with --json is in lines, the summary at the end', async () => {
    const { stdout, stderr } = await runEval([...args, '--json']);
    expect(stderr).to.equal('');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { progress } = lines[0];
    expect(progress.totalRows).to.equal(ROWS);
    expect(progress.rows).to.equal(progress.newRows).and.to.be.within(1, ROWS);
    expect(progress.bytes).to.equal(progress.rows * 48);
    expect(progress.rowsPerSecond).to.equal(progress.newRows / progress.seconds);
    expect(progress.bytesPerSecond).to.equal(progress.bytes / progress.seconds);
    expect(progress.secondsLeft).to.equal((ROWS - progress.rows) / progress.rowsPerSecond);
    expect(progress.mean).to.be.within(1, 5);
    expect(lines.at(-1)).to.include({ loss: 'CrossEntropyLoss', rows: ROWS });
  });

  it('in a log is nothing', async () => {
    const { stdout, stderr } = await runEval(args);
    expect(stderr).to.equal('');
    expect(stdout).to.match(/^CrossEntropyLoss: mean \S+\n2,000 rows, 2,000 losses\n$/);
  });

  it('in a program counts up to the end, and from where a job goes on', async () => {
    const files = { input: file('x.npy'), target: file('y.npy') };
    const options = { out: file('losses.npy'), memory: 100_000 };
    const criterion = new nn.CrossEntropyLoss();
    let done = 0;
    for await (const { rows, newRows } of evaluate(criterion, files, options)) {
      expect(rows).to.equal(newRows).and.to.be.greaterThan(done);
      done = rows;
      if (rows > ROWS / 2) break;
    }
    let last: object | undefined;
    for await (const step of evaluate(criterion, files, { ...options, resume: true })) {
      expect(step.rows).to.equal(done + step.newRows);
      last = step;
    }
    expect(last).to.include({ rows: ROWS, totalRows: ROWS, secondsLeft: 0 });
  });
});
