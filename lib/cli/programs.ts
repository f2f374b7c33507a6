import { type StdioOptions, spawn, spawnSync } from 'node:child_process';
import os from 'node:os';

import { CommandError } from './errors';
import { adviceFor } from './failures';

interface RunOptions {
  env?: NodeJS.ProcessEnv;
  /** Shows the output only if the program fails. */
  quiet?: boolean;
}

/**
 * Runs a program and waits for its end. Its output goes to standard error, because standard output only has the
 * command's result. The program writes its standard output there directly, so that it shows progress bars on a
 * terminal.
 *
 * @returns the exit status, 127 where there is no such program, and what it printed as far as that was kept: all with
 *   `quiet`, else its standard error
 */
export function run(
  program: string,
  args: readonly string[],
  { env = process.env, quiet = false }: RunOptions = {},
): Promise<{ status: number; output: string }> {
  const stdio: StdioOptions = ['ignore', quiet ? 'pipe' : 2, 'pipe'];
  const child = spawn(program, args, { env, stdio });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk;
      if (!quiet) {
        process.stderr.write(chunk);
      }
    });
  }
  // The child gets Ctrl-C from the terminal; another signal to this process is passed on. In both cases the child ends
  // first.
  const forward = (signal: NodeJS.Signals) => {
    if (signal === 'SIGTERM') child.kill(signal);
  };
  process.on('SIGINT', forward).on('SIGTERM', forward);
  return new Promise((resolve) => {
    const end = (status: number) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve({ status, output });
    };
    child.on('error', (error) => {
      output += error.message;
      end(127);
    });
    child.on('close', (code, signal) => end(code ?? 128 + os.constants.signals[signal!]));
  });
}

/**
 * Runs a program, and throws if it fails.
 *
 * @throws CommandError with what to do, as far as that is known
 */
export async function mustRun(
  what: string,
  program: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<void> {
  const { status, output } = await run(program, args, options);
  if (status !== 0) {
    const missing = status === 127 && output.startsWith('spawn');
    const shown = options?.quiet || missing ? `:\n\n${output.trim()}` : '; its messages are above.';
    throw new CommandError(`${what} failed (exit status ${status})${shown}`, adviceFor(output));
  }
}

/** Returns the output of a program. Empty if it cannot be run. */
export function capture(program: string, args: readonly string[]): string {
  return (spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '').trim();
}
