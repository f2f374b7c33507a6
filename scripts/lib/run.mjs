// Runs other programs.
import { spawn, spawnSync } from 'node:child_process';

import { adviceFor, SetupError } from './advice.mjs';
import { ROOT } from './checkout.mjs';

/**
 * Runs a command to its end, showing its output.
 *
 * @returns {Promise<{ status: number, output: string }>} the exit status (127 where there is no such command) and what
 *   was printed; with `inherit`, the terminal is the command's own and the output is not kept
 */
export function run(command, args, { env = process.env, inherit = false, quiet = false } = {}) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env,
    stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const [source, terminal] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    source?.on('data', (chunk) => {
      output += chunk;
      if (!quiet) {
        terminal.write(chunk);
      }
    });
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ status: 127, output: `${output}${error.message}` }));
    child.on('close', (code, signal) => resolve({ status: code ?? (signal ? 130 : 1), output }));
  });
}

/** Runs a command that has to succeed; where it fails, the error says what to do, as far as that is known. */
export async function mustRun(what, command, args, options) {
  const { status, output } = await run(command, args, options);
  if (status !== 0) {
    const shown = options?.quiet ? `:\n\n${output.trim()}` : '; its messages are above.';
    throw new SetupError(`${what} failed (exit status ${status})${shown}`, adviceFor(output));
  }
}

/** Whether a command can be run and ends well. */
export function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
