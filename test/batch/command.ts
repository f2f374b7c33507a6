/** Runs `eval` as a shell does. */
import { execFile } from 'node:child_process';
import path from 'node:path';

import { CHECKOUT_SETUP, pythonOf } from '../../dist/bindings/libtorch/setups';

export const PYTHON = process.env['TORCH_LOSSES_PYTHON'] ?? pythonOf(CHECKOUT_SETUP)!;
export const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

export function runEval(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } };
    execFile(process.execPath, [MAIN, 'eval', ...args], options, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

/** Returns the summary that a command with `--json` printed. */
export const summaryOf = ({ stdout }: Outcome): Record<string, unknown> =>
  JSON.parse(stdout.trim().split('\n').at(-1)!);
