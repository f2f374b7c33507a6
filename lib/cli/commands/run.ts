import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';

import { findLibtorch } from '../../bindings/libtorch/find';
import { PACKAGE_ROOT } from '../../bindings/libtorch/folders';
import { defineCommand } from '../command';
import { CommandError, EXIT } from '../errors';

/** Node writes its last error to torchrun's file, whether or not the program loads torch.distributed. */
const ERROR_FILE = path.join(PACKAGE_ROOT, 'dist', 'distributed', 'error_file.js');

/** Runs a program under torchrun. */
export const run = defineCommand({
  name: 'run',
  summary: 'Start the processes of a distributed program with torchrun',
  description:
    '  Runs the torchrun of the libtorch in use, and passes everything on to it. `--nproc` stands for\n' +
    '  `--nproc-per-node`. The first argument that names a JavaScript file is the program, which Node runs.\n' +
    '  `torch-losses run -- --help` shows the options of torchrun.',
  operands: {
    usage: '[OPTIONS OF TORCHRUN] FILE [ARGUMENTS]',
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
  },
  options: {},
  passesOn: true,
  examples: [
    { command: 'npx torch-losses run --nproc 2 train.js', does: 'Two processes on this machine' },
    {
      command:
        'npx torch-losses run --nnodes 2 --nproc 4 --rdzv-endpoint host:29400 --rdzv-backend c10d train.js --epochs 3',
      does: 'On each of two machines',
    },
  ],
  async run(_values, _terminal, operands) {
    const { python, directory } = findLibtorch();
    if (!python) {
      throw new CommandError(
        `The libtorch in ${directory} belongs to no Python, and torchrun is a program of Python.`,
        'Install torch with pip, or run `npx torch-losses setup`.',
      );
    }
    return await torchrun(python, argumentsOf(operands));
  },
});

/** Returns the arguments of torchrun. */
export function argumentsOf(operands: readonly string[]): string[] {
  const given = operands[0] === '--' ? operands.slice(1) : operands;
  const at = given.findIndex((each) => /\.[cm]?[jt]s$/.test(each));
  const split = at < 0 ? given.length : at;
  const options = given
    .slice(0, split)
    .map((each) => each.replace(/^--nproc(?=$|=)/, '--nproc-per-node'));
  const program = given.slice(split);
  if (program.length === 0) return options;
  return ['--no-python', ...options, process.execPath, '--require', ERROR_FILE, ...program];
}

function torchrun(python: string, args: readonly string[]): Promise<number> {
  // With a store that outlives a restart, Gloo finds the addresses of the processes before it, and fails: in Python too.
  const env = { TORCH_DISABLE_SHARE_RDZV_TCP_STORE: '1', ...process.env };
  const child = spawn(python, ['-m', 'torch.distributed.run', ...args], { stdio: 'inherit', env });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const ignore = (): void => {}; // the terminal sends Ctrl-C to torchrun, too
  process.on('SIGTERM', forward).on('SIGHUP', forward).on('SIGINT', ignore);
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new CommandError(`${python}: ${error.message}`)));
    child.on('close', (code, signal) =>
      resolve(code ?? (signal ? 128 + os.constants.signals[signal] : EXIT.failure)),
    );
  });
}
