/** The commands of the guide's cookbook of files, run as they stand there. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';

const { numpy } = torch.utils;
const ROOT = path.join(__dirname, '..', '..');
const GUIDE = readFileSync(path.join(ROOT, 'docs', 'guides', 'batch.md'), 'utf8');
const ROWS = 300;

/** Returns the commands of a section. */
function commandsOf(title: string): string[] {
  const section = GUIDE.split(/^## /m).find((text) => text.startsWith(title))!;
  return [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, command]) => command!.trim());
}

describe('batch: the cookbook of files', () => {
  const file = temporaryFolder();
  const commands = commandsOf('Cookbook: files');

  before(async () => {
    writeFileSync(
      file('npx'),
      `#!/bin/sh\nshift\nexec ${process.execPath} ${ROOT}/dist/cli/main.js "$@"\n`,
    );
    chmodSync(file('npx'), 0o755);
    const logits = torch.randn(ROWS, 5);
    const labels = torch.randint(0, 5, [ROWS]);
    numpy.save(file('labels.npy'), labels);
    numpy.save(file('predicted.npy'), logits);
    numpy.savez(file('data.npz'), { truth: logits.mul(2), other: labels });
    writeFileSync(file('list.txt'), 'parts/0.npz\nparts/1.npz\n');
    numpy.savez(file('ctc.npz'), {
      log_probs: torch.randn(20, ROWS, 5).log_softmax(2),
      targets: torch.randint(1, 5, [ROWS, 4]),
      input_lengths: torch.full([ROWS], 20),
      target_lengths: torch.randint(1, 5, [ROWS]),
    });
    const scores = Array.from({ length: ROWS }, (_, i) => {
      return `${JSON.stringify({ model: { score: 1 / (i + 1) }, label: i % 2 })}\n`;
    });
    writeFileSync(file('scores.jsonl.gz'), gzipSync(scores.join('')));
    mkdirSync(file('parts'));
    for (const [i, from] of [0, 100].entries()) {
      const part = {
        logits: logits.narrow(0, from, i ? 200 : 100),
        label: labels.narrow(0, from, i ? 200 : 100),
      };
      numpy.savez(file(`parts/${i}.npz`), part);
    }
    copyFileSync(
      path.join(ROOT, 'test', 'fixtures', 'tables', 'table.parquet'),
      file('table.parquet'),
    );
  });

  it('has commands', () => expect(commands).to.have.length(8));

  for (const command of commands) {
    it(`runs ${command.slice(0, 90)}…`, async () => {
      const cwd = file('.');
      const env = { ...process.env, PATH: `${cwd}:${process.env['PATH']}` };
      const { status, stdout, stderr } = await new Promise<{
        status: number;
        stdout: string;
        stderr: string;
      }>((resolve) => {
        execFile('sh', ['-c', command], { cwd, env }, (error, out, text) =>
          resolve({ status: Number(error?.code ?? 0), stdout: out, stderr: text }),
        );
      });
      expect(status, stderr).to.equal(0);
      expect(stdout + stderr).to.include(`${ROWS} rows`);
      const out = /--out (\S+)/.exec(command)?.[1];
      if (out === '-') expect(stdout.trim().split('\n')).to.have.length(3);
      if (!out || out === '-') return;
      expect(existsSync(file(out))).to.equal(true);
      if (out.endsWith('/')) {
        expect(readdirSync(file(out)).sort()).to.deep.equal(['0.parquet', '1.parquet', 'eval.job']);
        return;
      }
      // The losses can be read again.
      const summary = await evaluate(new nn.L1Loss(), {
        input: file(out),
        target: file(out),
      }).summary();
      expect(summary).to.include({ rows: ROWS, sum: 0 });
    }).timeout(30_000);
  }
});
