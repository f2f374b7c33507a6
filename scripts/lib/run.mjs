// Runs other programs.
import { spawn, spawnSync } from 'node:child_process';
import os from 'node:os';

import { adviceFor, SetupError } from './advice.mjs';
import { ROOT } from './checkout.mjs';

/**
 * Runs a command to its end, showing its output.
 *
 * @returns {Promise<{ status: number, output: string }>} the exit status (127 where there is no such
 *   command) and what was printed; with `inherit`, the terminal is the command's own and no output
 *   is kept; with `progress`, standard output is, so that progress bars show, and only errors are
 *   kept; with `quiet`, nothing is shown
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
  // Ctrl-C reaches the child by itself, a signal to this process alone does not; either way the
  // child ends first.
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

/**
 * Runs a command that has to succeed; where it fails, the error says what to do, as far as that is
 * known.
 */
export async function mustRun(what, command, args, options) {
  const { status, output } = await run(command, args, options);
  if (status !== 0) {
    const shown = options?.quiet ? `:\n\n${output.trim()}` : '; its messages are above.';
    throw new SetupError(`${what} failed (exit status ${status})${shown}`, adviceFor(output));
  }
}

/** What a command prints; the empty string where it cannot be run. */
export function capture(command, args) {
  return (spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '').trim();
}
