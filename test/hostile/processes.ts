/** Runs programs in their own processes, and returns their output and how they ended. */
import { spawn } from 'node:child_process';
import path from 'node:path';

export const ROOT = path.join(__dirname, '..', '..');

interface Ended {
  readonly output: string;
  readonly errors: string;
  /** The exit code, or the name of the signal. */
  readonly how: number | string;
}

export interface Run {
  /** The limit of the address space in kilobytes. */
  readonly kilobytes?: number;
  /** Called when the program prints for the first time. */
  readonly onOutput?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** The time in milliseconds after which a program that hangs is killed. It then ends with SIGKILL. */
const TIMEOUT = 60_000;

/** Runs a CommonJS program in which `torch` and `F` are defined. */
export function runProgram(body: string, { kilobytes, onOutput }: Run = {}): Promise<Ended> {
  const program = `const torch = require('torch-losses'); const F = torch.nn.functional;\n${body}`;
  const limit = kilobytes ? `ulimit -v ${kilobytes};` : '';
  const child = spawn(
    'sh',
    ['-c', `ulimit -c 0; ${limit} exec "$0" "$@"`, process.execPath, '--expose-gc', '-e', program],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT, killSignal: 'SIGKILL' },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    if (output === '') onOutput?.((signal) => child.kill(signal));
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) =>
      resolve({ output: output.trim(), errors: errors.trim(), how: code ?? signal! }),
    );
  });
}
