/** Makes hostile calls in child processes. Reports crashes, hangs, undocumented errors, and growth of memory. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import torch from 'torch-losses';

import type { Finding } from './calls';
import { type Call, Fuzzer } from './calls';
import type { Message, Task } from './child';

export interface Settings {
  readonly seed: number;
  readonly calls: number;
  /** Called after each child. */
  readonly progress?: (done: number, report: Report) => void;
}

/** A call that ended its process. */
export interface Crash {
  readonly how: string;
  readonly seed: number;
  /** The call, or the shortest sequence of calls, that reproduces the crash. Empty if nothing does. */
  readonly calls: readonly Call[];
  /** The call that was running. */
  readonly last: Call | undefined;
}

export interface Report {
  calls: number;
  /** How many calls did not throw, in children that ran to the end. */
  returned: number;
  /** Undocumented errors, one of each kind. */
  readonly findings: Map<string, Finding>;
  readonly crashes: Crash[];
  /** The largest growth of memory in a child, over three quarters of its calls. */
  megabytes: number;
  /** The largest growth of memory in tensors, which is exact. */
  live: number;
  tensors: number;
}

const CALLS_PER_BATCH = 100;
const BATCHES_PER_CHILD = 100;
/** The time in milliseconds after which a child without progress counts as hanging. */
const TIMEOUT = 60_000;
/**
 * The limit of a child's address space, so that a huge request fails instead of filling the machine's memory.
 * AddressSanitizer needs terabytes and has its own limit. CUDA's libraries need gigabytes.
 */
const GIGABYTES = torch.cuda.is_available() ? 8 : 4;
const LIMIT =
  process.env['TORCH_LOSSES_BUILD'] === 'Sanitize' ? '' : `ulimit -v ${GIGABYTES << 20};`;

const NOTHING = { is: 'constant', name: 'undefined' } as const;

interface Outcome {
  readonly messages: readonly Message[];
  /** Undefined if the child ended normally. */
  readonly failure: string | undefined;
  readonly position: readonly [batch: number, call: number];
}

/** Makes hostile calls, see {@link Settings}. */
export async function fuzz({ seed, calls, progress }: Settings): Promise<Report> {
  const report: Report = {
    calls: 0,
    returned: 0,
    findings: new Map(),
    crashes: [],
    megabytes: 0,
    live: 0,
    tensors: 0,
  };
  const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-fuzz-'));
  const fuzzer = new Fuzzer();
  const batches = Math.ceil(calls / CALLS_PER_BATCH);
  let first = 0;
  while (first < batches) {
    const end = Math.min(first + BATCHES_PER_CHILD, batches);
    const outcome = await run(folder, {
      seed,
      batches: [first, end],
      calls: CALLS_PER_BATCH,
      journal: path.join(folder, 'journal'),
    });
    record(report, outcome.messages);
    let next = end;
    if (outcome.failure) {
      const [batch, call] = outcome.position;
      const made = fuzzer.batch(seed + batch, CALLS_PER_BATCH).slice(0, call + 1);
      report.crashes.push({
        how: outcome.failure,
        seed: seed + batch,
        last: made.at(-1),
        calls: await shrink(folder, made),
      });
      // A child that ends before its first call leaves the position of another one.
      next = Math.max(first, batch) + 1;
    }
    report.calls += (next - first) * CALLS_PER_BATCH;
    first = next;
    progress?.(report.calls, report);
  }
  rmSync(folder, { recursive: true });
  return report;
}

function record(report: Report, messages: readonly Message[]): void {
  for (const message of messages) {
    if ('finding' in message) {
      report.findings.set(kindOf(message.finding), message.finding);
    } else {
      report.returned += message.returned;
      report.megabytes = Math.max(report.megabytes, message.growth);
      report.live = Math.max(report.live, message.live);
      report.tensors = Math.max(report.tensors, message.tensors);
    }
  }
}

/** Returns the kind of an error: the line of the package that threw it, and its message without numbers. */
function kindOf({ error }: Finding): string {
  const [text = '', ...stack] = error.split('\n');
  const line = stack.find((frame) => frame.includes(`${path.sep}dist${path.sep}`)) ?? '';
  return text.replace(/\d+/g, '0').slice(0, 100) + line;
}

/** Returns the last call if it is enough to fail, else the shortest failing end of the sequence. */
async function shrink(folder: string, calls: readonly Call[]): Promise<readonly Call[]> {
  for (let length = 1; length / 2 < calls.length; length *= 2) {
    const ending = calls.slice(-length);
    if (await fails(folder, ending))
      return length === 1 ? [await simpler(folder, ending[0]!)] : ending;
  }
  return [];
}

/** Returns the call with fewer and simpler arguments, as long as it fails. */
async function simpler(folder: string, call: Call): Promise<Call> {
  let least = call;
  const candidates = (from: Call): Call[] => [
    { ...from, tampering: 'none' },
    { ...from, receiver: null },
    ...from.args.map((_, index) => ({ ...from, args: from.args.filter((_, at) => at !== index) })),
    ...from.args.map((_, index) => ({
      ...from,
      args: from.args.map((arg, at) => (at === index ? NOTHING : arg)),
    })),
  ];
  for (let progress = true; progress; ) {
    progress = false;
    for (const candidate of candidates(least)) {
      if (JSON.stringify(candidate) === JSON.stringify(least)) continue;
      if (await fails(folder, [candidate])) {
        least = candidate;
        progress = true;
        break;
      }
    }
  }
  return least;
}

async function fails(folder: string, calls: readonly Call[]): Promise<boolean> {
  const replay = path.join(folder, 'replay');
  writeFileSync(replay, JSON.stringify(calls));
  const journal = path.join(folder, 'journal');
  const { failure } = await run(folder, { seed: 0, batches: [0, 0], calls: 0, journal, replay });
  return failure !== undefined;
}

/** Runs one child until it ends or hangs. */
function run(folder: string, task: Task): Promise<Outcome> {
  const child = spawn(
    'sh',
    [
      '-c',
      `ulimit -c 0; ${LIMIT} exec "$0" "$@"`,
      process.execPath,
      '--expose-gc',
      '--no-warnings',
      path.join(__dirname, 'child.js'),
      JSON.stringify(task),
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4000);
  });
  return new Promise((resolve) => {
    let hangs = false;
    let last = '';
    const watch = setInterval(() => {
      const now = read(task.journal);
      hangs = now === last;
      last = now;
      if (hangs) child.kill('SIGKILL');
    }, TIMEOUT);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      const messages = output
        .split('\n')
        // Libraries also print to standard output. MKL reports wrong arguments there.
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Message);
      const isDone = code === 0 && messages.some((message) => 'done' in message);
      const how = hangs ? 'hangs' : `ends with ${signal ?? `status ${code}`}: ${errors.trim()}`;
      const [batch = 0, call = 0] = read(task.journal).split(' ').map(Number);
      resolve({ messages, failure: isDone ? undefined : how, position: [batch, call] });
    });
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
