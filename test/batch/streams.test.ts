/** Losses on standard output: the bytes of a file, and nothing else. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';
import { MAIN, PYTHON, runEval } from './command';

const { numpy } = torch.utils;
const ROWS = 3000;

/** Runs a command with a terminal for standard output. */
const IN_A_TERMINAL = `
import os, pty, subprocess, sys
leader, follower = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdout=follower, stderr=subprocess.PIPE)
os.close(follower)
print(child.communicate()[1].decode())
sys.exit(child.returncode)
`;

describe('batch: standard output', () => {
  const file = temporaryFolder();
  let args: string[];
  /** The same without rows. */
  let none: string[];
  let files: Record<'input' | 'target', string>;

  before(() => {
    torch.manual_seed(43);
    files = { input: file('x.npy'), target: file('y.npy') };
    numpy.save(files.input, torch.randn(ROWS, 10));
    numpy.save(files.target, torch.randint(0, 10, [ROWS]));
    args = ['--loss', 'CrossEntropyLoss', '--memory', '100K'];
    args.push('--input', files.input, '--target', files.target);
    numpy.save(file('none-x.npy'), torch.randn(0, 10));
    numpy.save(file('none-y.npy'), torch.zeros(0, { dtype: torch.int64 }));
    none = ['--loss', 'CrossEntropyLoss'];
    none.push('--input', file('none-x.npy'), '--target', file('none-y.npy'));
  });

  for (const format of ['npy', 'safetensors', 'parquet', 'jsonl', 'jsonl.gz']) {
    it(`has the bytes of a .${format} file, and the summary goes to standard error`, async () => {
      const out = file(`whole.${format}`);
      const options = { out, memory: 100 * 1024 };
      const whole = await evaluate(new nn.CrossEntropyLoss(), files, options).summary();
      const command = [MAIN, 'eval', ...args, '--out', '-', '--format', format, '--json'];
      const { status, stdout, stderr } = spawnSync(process.execPath, command);
      expect(status, String(stderr)).to.equal(0);
      expect(stdout.equals(readFileSync(out))).to.equal(true);
      const lines = String(stderr).trim().split('\n');
      expect(JSON.parse(lines[0]!)).to.have.property('progress');
      expect(JSON.parse(lines.at(-1)!)).to.deep.equal(JSON.parse(JSON.stringify(whole)));
    });
  }

  it('is .npy if no format is given, also without rows, and touches no file', () => {
    const folder = file('folder');
    mkdirSync(folder);
    for (const name of ['-', '-.partial', '-.job']) writeFileSync(`${folder}/${name}`, 'own');
    const command = [MAIN, 'eval', ...none, '--out', '-'];
    const { stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder });
    writeFileSync(file('none.npy'), stdout);
    expect(String(stderr)).to.include('0 rows, 0 losses').and.not.to.include('Wrote');
    expect((numpy.load(file('none.npy')) as torch.Tensor).shape).to.deep.equal([0]);
    expect(readdirSync(folder).sort()).to.deep.equal(['-', '-.job', '-.partial']);
    expect(readFileSync(`${folder}/-.partial`, 'utf8')).to.equal('own');
  });

  const shell = (script: string): Promise<{ status: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const words = [process.execPath, MAIN, 'eval', ...args, '--out', '-'];
      execFile('bash', ['-c', script, ...words], (error, stdout, stderr) =>
        resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
      );
    });

  it('may be closed early, and names a disk that is full', async () => {
    const closed = await shell('"$0" "$@" --format jsonl | head -n 2');
    expect(closed.stdout).to.match(/^\{"loss":\d.*\}\n\{"loss":\d.*\}\n$/);
    expect(closed).to.include({ status: 0, stderr: '' });
    const full = await shell('"$0" "$@" > /dev/full');
    expect(full.status, full.stderr).to.equal(6);
    expect(full.stderr).to.match(/Standard output cannot be written.*: ENOSPC: no space left/);
    expect(full.stderr).not.to.include('    at ').and.not.to.include('--resume');
  });

  it('is refused together with what needs files, and on a terminal for bytes', async () => {
    const wrong: [given: string[], env: Record<string, string>, name: string][] = [
      [['--resume'], {}, 'resume'],
      [['--overwrite'], {}, 'overwrite'],
      [['--grad-out', file('g.npy')], {}, 'gradOut'],
      [['--shard', '1/2'], {}, 'shard'],
      [[], { RANK: '0', WORLD_SIZE: '2' }, 'shard'],
    ];
    for (const [given, env, name] of wrong) {
      const { status, stdout, stderr } = await runEval([...args, '--out', '-', ...given], env);
      expect(stderr).to.include(`'${name}' needs files, but 'out' is standard output`);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    }
    const command = ['-c', IN_A_TERMINAL, process.execPath, MAIN, 'eval', ...none, '--out', '-'];
    const bytes = spawnSync(PYTHON, command, { encoding: 'utf8' });
    expect(bytes.stdout).to.include('standard output is a terminal, which cannot show .npy');
    expect(bytes.status).to.equal(2);
    const lines = execFileSync(PYTHON, [...command, '--format', 'jsonl'], { encoding: 'utf8' });
    expect(lines).to.include('0 losses');
  });
});
