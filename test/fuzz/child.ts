/**
 * A process that makes hostile calls and may crash. A journal file records the current call. Each finding is a JSON
 * line on standard output; the last line reports the end.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import torch from 'torch-losses';

import { type Call, type Finding, Fuzzer } from './calls';

/** The task of a child, which gets it as JSON in its only argument. */
export interface Task {
  readonly seed: number;
  readonly batches: readonly [first: number, end: number];
  readonly calls: number;
  readonly journal: string;
  /** A file with calls to make instead, used to shrink a failure. */
  readonly replay?: string;
}

/** A message of a child. */
export type Message =
  | { readonly finding: Finding; readonly batch: number }
  | {
      readonly done: true;
      readonly returned: number;
      /** The growth since a quarter of the calls, in megabytes: of resident memory, and of tensors. */
      readonly growth: number;
      readonly live: number;
      readonly tensors: number;
    };

const MB = 2 ** 20;
const task = JSON.parse(process.argv[2]!) as Task;
const journal = openSync(task.journal, 'w');
const fuzzer = new Fuzzer();

process.on('warning', () => {});
process.on('unhandledRejection', () => {});

const say = (message: Message): void => {
  writeSync(1, `${JSON.stringify(message)}\n`);
};

/** Writes a position to the journal. All have the same number of digits, so each overwrites the one before. */
function note(batch: number, call: number): void {
  writeSync(journal, `${batch} ${call}`.padEnd(24), 0);
}

/** Makes the calls of a batch, then waits for their promises. */
async function make(batch: number, calls: readonly Call[]): Promise<void> {
  await fuzzer.renew();
  const tell = (finding: Finding | undefined): void => {
    if (finding) say({ finding, batch });
  };
  const begun: Promise<void>[] = [];
  for (const [index, call] of calls.entries()) {
    note(batch, index);
    const result = fuzzer.run(call);
    if (result instanceof Promise) begun.push(result.then(tell));
    else tell(result);
  }
  note(batch, calls.length);
  await Promise.race([
    Promise.all(begun),
    new Promise((resolve) => setTimeout(resolve, 5000).unref()),
  ]);
}

/** Collects garbage, then returns the resident memory in bytes, and the tensors that JavaScript refers to. */
async function remains(): Promise<{ bytes: number; tensors: number; live: number }> {
  await fuzzer.renew();
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  torch.emptyCache();
  const { tensors, devices } = torch.memoryStats();
  return { bytes: process.memoryUsage.rss(), tensors, live: devices['cpu']!.live_bytes / MB };
}

async function main(): Promise<void> {
  if (task.replay) {
    await make(0, JSON.parse(readFileSync(task.replay, 'utf8')) as Call[]);
    say({ done: true, returned: fuzzer.returned, growth: 0, live: 0, tensors: 0 });
    return;
  }
  const [first, end] = task.batches;
  const warm = first + Math.floor((end - first) / 4);
  let before = await remains();
  for (let batch = first; batch < end; batch++) {
    await make(batch, fuzzer.batch(task.seed + batch, task.calls));
    if (batch === warm) before = await remains();
  }
  const after = await remains();
  say({
    done: true,
    returned: fuzzer.returned,
    growth: (after.bytes - before.bytes) / MB,
    live: after.live - before.live,
    tensors: after.tensors - before.tensors,
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(3);
  },
);
