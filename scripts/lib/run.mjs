// Runs other programs.
import { spawn, spawnSync } from 'node:child_process';
import os from 'node:os';

import { adviceFor, SetupError } from './advice.mjs';
import { ROOT } from './checkout.mjs';

/**
 * Runs a command until it ends, and shows its output.
 *
 * @returns {Promise<{ status: number, output: string }>} the exit status (127 if there is no such command) and the
 *   output.
 *   With `inherit`, the command uses the terminal directly, and no output is kept. With `progress`, only its standard
 *   output does, so that progress bars work, and errors are kept. With `quiet`, nothing is shown
 */
export function run(command, args, { env = process.env, inherit, progress, quiet } = {}) {
  const stdio = inherit ? 'inherit' : ['ignore', progress ? 'inherit' : 'pipe', 'pipe'];
  const child = spawn(command, args, { cwd: ROOT, env, stdio });
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
  // The child gets Ctrl-C by itself, but not a signal to this process alone. In both cases, the child ends first.
  const forward = (signal) => signal === 'SIGTERM' && child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  return new Promise((resolve) => {
    const end = (status) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve({ status, output });
    };
    child.on('error', (error) => {
      output += error.message;
      end(127);
    });
    child.on('close', (code, signal) => end(code ?? 128 + os.constants.signals[signal]));
  });
}

/** Runs a command that must succeed. If it fails, the error has advice, if there is any. */
export async function mustRun(what, command, args, options) {
  const { status, output } = await run(command, args, options);
  if (status !== 0) {
    const shown = options?.quiet ? `:\n\n${output.trim()}` : '; its messages are above.';
    throw new SetupError(`${what} failed (exit status ${status})${shown}`, adviceFor(output));
  }
}

/** Returns the output of a command, or an empty string if it cannot run. */
export function capture(command, args) {
  return (spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '').trim();
}
