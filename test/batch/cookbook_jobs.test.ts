/** The commands of the guide's cookbook of jobs, run as they stand there. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import torch from 'torch-losses';

import { temporaryFolder } from '../support/folder';
import { MAIN, PYTHON } from './command';

const { numpy } = torch.utils;
const GUIDE = path.join(__dirname, '..', '..', 'docs', 'guides', 'batch.md');
const ROWS = [60, 40];

/** The commands of a section, by what they do. */
function commandsOf(section: string): [what: string, script: string][] {
  const guide = readFileSync(GUIDE, 'utf8');
  const start = guide.indexOf(`## ${section}\n`);
  const text = guide.slice(start, guide.indexOf('\n## ', start + 1));
  const blocks = text.matchAll(/(?:^|\n\n)([^\n]+)(?:\n[^\n]+)*\n\n```sh\n([\s\S]*?)```/g);
  return [...blocks].map(([, what, script]) => [what!.split(/[.:]/)[0]!, script!]);
}

describe('batch: the cookbook of jobs', () => {
  const file = temporaryFolder();

  before(() => {
    torch.manual_seed(31);
    const save = (name: string, of: (rows: number) => torch.Tensor): void => {
      for (const [i, rows] of ROWS.entries()) numpy.save(file(`${name}-${i}.npy`), of(rows));
    };
    save('logits', (rows) => torch.randn(rows, 5));
    save('better', (rows) => torch.randn(rows, 5).mul(0.5));
    save('labels', (rows) => torch.randint(0, 5, [rows]));
    mkdirSync(file('bin'));
    const programs = {
      npx: `shift; exec ${process.execPath} ${MAIN} "$@"`,
      torchrun: `exec ${PYTHON} -m torch.distributed.run "$@"`,
    };
    for (const [name, command] of Object.entries(programs)) {
      writeFileSync(file(`bin/${name}`), `#!/bin/sh\n${command}\n`);
      chmodSync(file(`bin/${name}`), 0o755);
    }
  });

  const run = (script: string): Promise<{ code: unknown; output: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, PATH: `${file('bin')}:${process.env['PATH']}` };
      const options = { cwd: file('.'), env };
      execFile('bash', ['-ec', script], options, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });

  const recipes = commandsOf('Cookbook: jobs');

  it('has commands', () => expect(recipes).to.have.length.at.least(7));

  for (const [what, script] of recipes) {
    it(what, async () => {
      const { code, output } = await run(script);
      expect(code, output).to.equal(0);
      const files = [...script.matchAll(/--(?:out|report|grad-out) (\S+)/g)].map(
        ([, name]) => name!,
      );
      for (const name of files) {
        expect(existsSync(file(name)), name).to.equal(true);
      }
    }).timeout(120_000);
  }

  it('gives one result, whichever way', async () => {
    const losses = readFileSync(file('losses.npy'));
    expect(readFileSync(file('ranks.npy')).equals(losses)).to.equal(true);
    const parts = ROWS.map((_, i) => numpy.load(file(`scores/logits-${i}.npy`)) as torch.Tensor);
    expect(torch.equal(torch.cat(parts), numpy.load(file('losses.npy')) as torch.Tensor)).to.equal(
      true,
    );
  });
});
