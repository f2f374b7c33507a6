/** Environments of Python with packages that only some tests need. They are made once, and git ignores them. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { PYTHON } from '../parity/parity';

const BUILD = path.join(__dirname, '..', '..', 'build');
const run = promisify(execFile);

/** An environment, or the reason why there is none. */
export type Environment =
  | { run(args: readonly string[]): Promise<string> }
  | { readonly reason: string };

/**
 * Returns an environment, whose programs also find the torch of the other tests.
 *
 * @param modules - what programs import, to see whether the environment is whole
 */
export function environmentWith(
  name: string,
  packages: readonly string[],
  modules: readonly string[],
): Environment {
  const folder = path.join(BUILD, name);
  const python = path.join(folder, 'bin', 'python');
  const works = (): boolean =>
    spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0;
  if (!existsSync(python) || !works()) {
    const made = spawnSync(PYTHON, ['-m', 'venv', folder]);
    const install = ['-m', 'pip', 'install', '--quiet', '--timeout', '10', ...packages];
    const installed = made.status === 0 ? spawnSync(python, install) : made;
    if (installed.status !== 0 || !works()) {
      const problem = String(installed.stderr).slice(-300);
      return { reason: `${packages.join(', ')} cannot be installed: ${problem}` };
    }
  }
  const where = 'import torch, os; print(os.path.dirname(torch.__path__[0]))';
  const PYTHONPATH = String(spawnSync(PYTHON, ['-c', where]).stdout).trim();
  const env = { ...process.env, PYTHONPATH };
  return {
    run: async (args) => (await run(python, args, { env, maxBuffer: 1e8 })).stdout,
  };
}
