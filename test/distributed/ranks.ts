/** Runs the processes of a group: programs in Node and in Python. */
import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';

export const FIXTURES = path.join(__dirname, '..', '..', 'test', 'fixtures', 'distributed');

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to standard output. */
  readonly text: string;
  /** What it wrote to standard output and standard error. */
  readonly output: string;
}

/** One process of a group. */
export interface Rank {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
}

/** Returns a port of this machine that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The Python whose torch the addon uses, as in the parity tests. */
const python = (): string => process.env['TORCH_LOSSES_PYTHON'] ?? 'python3';

/**
 * Starts one process: a file of test/fixtures/distributed, or a program of Node.
 *
 * @param program - `NAME.py`, `NAME.js`, or JavaScript in an async function that has `torch`, `dist` and `rank`
 * @param prefix - a command that runs another one
 */
export function startRank(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  prefix: readonly string[] = [],
): Rank {
  const isFile = /^\w+\.(py|js)$/.test(program);
  const file = path.join(FIXTURES, program);
  return startProcess(
    [
      ...prefix,
      program.endsWith('.py') ? python() : process.execPath,
      ...(isFile ? [file] : ['-e', wrapped(program)]),
      ...args,
    ],
    environment,
  );
}

/** Starts a process with one thread. */
export function startProcess(
  [command, ...args]: readonly string[],
  environment: NodeJS.ProcessEnv,
): Rank {
  const child = spawn(command!, args, {
    cwd: path.join(__dirname, '..', '..'),
    env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', ...environment },
  });
  let text = '';
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk;
    output += chunk;
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, text: text.trim(), output }));
  });
  return { child, ended };
}

const wrapped = (code: string): string => `
const torch = require('torch-losses');
const dist = torch.distributed;
const rank = Number(process.env.RANK);
(async () => { ${code} })().catch((error) => {
  console.error(error.pythonType, error.message);
  process.exitCode = 3;
});
`;

/** Starts the processes of a group, as torchrun would. */
export async function startRanks(
  programs: readonly string[],
  args: (rank: number) => readonly string[] = () => [],
  environment: NodeJS.ProcessEnv = {},
): Promise<Rank[]> {
  const port = await freePort();
  return programs.map((program, rank) =>
    startRank(program, args(rank), {
      MASTER_ADDR: '127.0.0.1',
      MASTER_PORT: `${port}`,
      WORLD_SIZE: `${programs.length}`,
      RANK: `${rank}`,
      LOCAL_RANK: `${rank}`,
      ...environment,
    }),
  );
}

/** Runs the processes of a group to their ends. */
export async function runRanks(...args: Parameters<typeof startRanks>): Promise<Outcome[]> {
  const ranks = await startRanks(...args);
  return Promise.all(ranks.map(({ ended }) => ended));
}
