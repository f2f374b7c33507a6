/**
 * What a job has done, in a file beside its output: a line of JSON that describes the job, a line for each chunk, and a
 * last line with the summary. A chunk's line is written when its losses are durable. A line that a kill has cut off is
 * no line.
 */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';

import { BatchError } from './error';
import { exists, syncFolder } from './output';
import type { TallyState } from './summary';

export interface InputDescription {
  readonly file: string;
  readonly size: string;
  readonly modified: string;
}

/** What the losses depend on. */
export interface JobDescription {
  readonly format: 1;
  readonly loss: string;
  readonly options: Readonly<Record<string, string>>;
  readonly dtypes: Readonly<Record<string, string>>;
  readonly device: string;
  readonly libtorch: string;
  readonly inputs: Readonly<Record<string, readonly InputDescription[]>>;
  readonly onError: string;
  /** The format of the output. */
  readonly output: string;
}

/** What the first line has. Another run may choose other chunks, but a job that goes on keeps its own. */
export interface Heading extends JobDescription {
  readonly chunkRows: number;
}

export interface ChunkRecord {
  readonly chunk: number;
  readonly tally: TallyState;
  /** The dtype and shape of a row's losses, of which the output is made. */
  readonly dtype: string;
  readonly row: readonly number[];
  /** Where the rows end in the file, if they have different lengths there. */
  readonly end?: number;
}

interface Contents {
  readonly heading: Heading;
  readonly chunks: readonly ChunkRecord[];
  readonly isFinished: boolean;
}

export class Journal {
  private constructor(
    private readonly file: FileHandle,
    private size: number,
  ) {}

  /** Reads a journal. Returns undefined if there is none, or none with a whole first line. */
  static read(file: string): (Contents & { size: number }) | undefined {
    if (!exists(file)) return undefined;
    const text = readFileSync(file, 'utf8');
    const end = text.lastIndexOf('\n') + 1;
    const lines = text
      .slice(0, end)
      .split('\n')
      .slice(0, -1)
      .map((line) => parsed(file, line));
    const [heading, ...rest] = lines;
    if (!heading) return undefined;
    const chunks = rest.filter((line) => 'chunk' in line) as unknown as ChunkRecord[];
    return {
      heading: heading as unknown as Heading,
      chunks,
      isFinished: rest.some((line) => 'summary' in line),
      size: Buffer.byteLength(text.slice(0, end)),
    };
  }

  /** Opens a journal after its last whole line, or makes one. */
  static async open(file: string, heading: Heading, size: number): Promise<Journal> {
    const handle = await open(file, size ? 'r+' : 'w');
    await handle.truncate(size);
    const journal = new Journal(handle, size);
    if (size === 0) await journal.add(heading);
    await syncFolder(path.dirname(path.resolve(file)));
    return journal;
  }

  /** Adds a line. It is durable when the promise resolves. */
  async add(line: object): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    await this.file.write(bytes, 0, bytes.length, this.size);
    this.size += bytes.length;
    await this.file.datasync();
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

function parsed(file: string, line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {}
  throw new BatchError('changed', `${file} is no journal of a batch job`, file);
}

/**
 * Checks that a job goes on with what it was started with.
 *
 * @throws BatchError that names the first difference
 */
export function checkSame(journal: string, was: JobDescription, now: JobDescription): void {
  const problem = differenceOf(was, now);
  if (!problem) return;
  throw new BatchError('changed', `The job of ${journal} cannot be resumed: ${problem}`, journal);
}

function differenceOf(was: JobDescription, now: JobDescription): string | undefined {
  for (const name of ['format', 'loss', 'device', 'libtorch', 'onError', 'output'] as const) {
    if (was[name] !== now[name]) return `${NAMES[name]} was ${was[name]}, and is ${now[name]}`;
  }
  return (
    differenceIn('option', was.options, now.options) ??
    differenceIn('dtype of', was.dtypes, now.dtypes) ??
    inputDifference(was.inputs, now.inputs)
  );
}

const NAMES = {
  format: 'the format',
  loss: 'the loss',
  device: 'the device',
  libtorch: 'libtorch',
  onError: 'what happens on errors',
  output: 'the format of the output',
};

type Texts = Readonly<Record<string, string>>;

function differenceIn(what: string, was: Texts, now: Texts): string | undefined {
  const name = [...new Set([...Object.keys(was), ...Object.keys(now)])].find(
    (each) => was[each] !== now[each],
  );
  return (
    name && `${what} ${name} was ${was[name] ?? 'not given'}, and is ${now[name] ?? 'not given'}`
  );
}

type Inputs = JobDescription['inputs'];

function inputDifference(was: Inputs, now: Inputs): string | undefined {
  for (const name of new Set([...Object.keys(was), ...Object.keys(now)])) {
    const before = was[name] ?? [];
    const after = now[name] ?? [];
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      const [old, current] = [before[i], after[i]];
      if (old?.file !== current?.file) {
        return `file ${i + 1} of input '${name}' was ${old?.file ?? 'none'}, and is ${current?.file ?? 'none'}`;
      }
      if (old?.size !== current?.size) {
        return `${current!.file} has changed: it had ${old!.size} bytes, and has ${current!.size}`;
      }
      if (old?.modified !== current?.modified) return `${current!.file} has changed`;
    }
  }
  return undefined;
}

/**
 * Keeps other processes of this machine from writing the same output. The system ends the lock with the process, however
 * that ends, because it is the name of a socket and no file.
 *
 * @returns the function that ends the lock
 * @throws BatchError if another process has it
 */
export async function lock(output: string): Promise<() => void> {
  const absolute = path.resolve(output);
  const real = path.join(realpathSync(path.dirname(absolute)), path.basename(absolute));
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') reject(cause);
      else reject(new BatchError('busy', `Another run writes ${output}`, output));
    });
    const name = createHash('sha256').update(real).digest('hex');
    server.listen(`\0torch-losses-batch-${name}`, resolve);
  });
  server.unref();
  return () => server.close();
}
