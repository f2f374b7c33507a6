/**
 * What a job has done, in a file beside its output: a line of JSON that describes the job, a line for each chunk, and a
 * last line with the summary. A chunk's line is written when its losses are durable. A line that a kill has cut off is
 * no line.
 */
import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { BatchError, writing } from './error';
import { exists, folderOf, syncFolder, writeAt } from './output';
import type { OutputFormat } from './outputs/file';
import type { ScoresState } from './totals';

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
  /** The instructions that libtorch uses on this CPU, or the name of the GPU. */
  readonly hardware: string;
  readonly libtorch: string;
  readonly inputs: Readonly<Record<string, readonly InputDescription[]>>;
  readonly onError: string;
  /** The format of the output. */
  readonly output: string;
  /** Where gradients go, or `none`. */
  readonly gradients: string;
}

/** A file or folder of a whole job. */
export interface OutputDescription {
  readonly file: string;
  readonly format: OutputFormat;
  /** The dimension of the rows. */
  readonly dim: number;
}

/** What the first line has. Another run may choose other chunks, but a job that goes on keeps its own. */
export interface Heading extends JobDescription {
  readonly chunkRows: number;
  /** The part of the job that this journal is of: `3/16`. */
  readonly part: string;
  /** The names of the first input's files, as given, and the rows of each. */
  readonly files: readonly (readonly [name: string, rows: number])[];
  /** What is written, by kind. */
  readonly outputs: Readonly<Record<string, OutputDescription>>;
  readonly reduction: string;
  /** The bytes of a row of all inputs. */
  readonly rowBytes: number;
  /** Whether the statistics of a report are noted. */
  readonly report: boolean;
}

/** What goes on in a file depends on. */
export interface FormRecord {
  readonly dtype: string;
  readonly row: readonly number[];
  /** Where the rows end in the file, if they have different lengths there. */
  readonly end?: number;
}

export interface ChunkRecord extends ScoresState {
  readonly chunk: number;
  readonly forms: Readonly<Record<string, FormRecord>>;
}

export interface Contents {
  readonly heading: Heading;
  readonly chunks: readonly ChunkRecord[];
  readonly isFinished: boolean;
}

const NEWLINE = 10;

export class Journal {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private size: number,
  ) {}

  /** Reads a journal. Returns undefined if there is none, or none with a whole first line. */
  static read(file: string): (Contents & { size: number }) | undefined {
    if (!exists(file)) return undefined;
    const bytes = readFileSync(file);
    const lines: Record<string, unknown>[] = [];
    let size = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, size)) {
      lines.push(parsed(file, bytes.toString('utf8', size, end)));
      size = end + 1;
    }
    const [heading, ...rest] = lines;
    if (!heading) return undefined;
    if (!isHeading(heading)) throw noJournal(file);
    const chunks = rest.filter((line) => 'chunk' in line) as unknown as ChunkRecord[];
    return {
      heading: heading as unknown as Heading,
      chunks,
      isFinished: rest.some((line) => 'summary' in line),
      size,
    };
  }

  /** Opens a journal after its last whole line, or makes one. */
  static open(file: string, heading: Heading, size: number): Promise<Journal> {
    return writing(file, undefined, async () => {
      const handle = await open(file, size ? 'r+' : 'w');
      await handle.truncate(size);
      const journal = new Journal(file, handle, size);
      if (size === 0) await journal.add(heading);
      await syncFolder(folderOf(file));
      return journal;
    });
  }

  /** Adds a line. It is durable when the promise resolves. */
  add(line: object): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    return writing(this.path, undefined, async () => {
      await writeAt(this.file, bytes, this.size);
      this.size += bytes.length;
      await this.file.datasync();
    });
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
  throw noJournal(file);
}

const noJournal = (file: string): BatchError =>
  new BatchError('changed', `${file} is no journal of a batch job`, file);

/** Whether an object has what the first line has. */
function isHeading(value: Record<string, unknown>): boolean {
  const { part, files, chunkRows } = value;
  const objects = ['options', 'dtypes', 'inputs', 'outputs'].map((name) => value[name]);
  return (
    /^[1-9]\d*\/[1-9]\d*$/.test(String(part)) &&
    Array.isArray(files) &&
    Number.isSafeInteger(chunkRows) &&
    (chunkRows as number) > 0 &&
    objects.every((object) => typeof object === 'object' && object !== null)
  );
}

/**
 * Checks that a job goes on with what it was started with.
 *
 * @throws BatchError that names the first difference
 */
export function checkSame(journal: string, was: JobDescription, now: JobDescription): void {
  const problem = differenceOf(was, now, isSameFile);
  if (!problem) return;
  throw new BatchError('changed', `The job of ${journal} cannot be resumed: ${problem}`, journal);
}

type SameFile = (was: InputDescription, now: InputDescription) => boolean;

const isSameFile: SameFile = (was, now) => was.file === now.file;

/** Says how one job differs from another, or returns undefined. */
export function differenceOf(
  was: JobDescription,
  now: JobDescription,
  isSame: SameFile,
): string | undefined {
  for (const name of Object.keys(NAMES) as (keyof typeof NAMES)[]) {
    if (was[name] !== now[name]) return `${NAMES[name]} was ${was[name]}, and is ${now[name]}`;
  }
  return (
    differenceIn('option', was.options, now.options) ??
    differenceIn('dtype of', was.dtypes, now.dtypes) ??
    inputDifference(was.inputs, now.inputs, isSame)
  );
}

const NAMES = {
  format: 'the format',
  loss: 'the loss',
  device: 'the device',
  hardware: 'the hardware',
  libtorch: 'libtorch',
  onError: 'what happens on errors',
  output: 'the format of the output',
  gradients: 'the output of gradients',
} as const;

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

function inputDifference(was: Inputs, now: Inputs, isSame: SameFile): string | undefined {
  for (const name of new Set([...Object.keys(was), ...Object.keys(now)])) {
    const before = was[name] ?? [];
    const after = now[name] ?? [];
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      const [old, current] = [before[i], after[i]];
      if (!old || !current || !isSame(old, current)) {
        return `file ${i + 1} of input '${name}' was ${old?.file ?? 'none'}, and is ${current?.file ?? 'none'}`;
      }
      if (old.size !== current.size) {
        return `${current.file} has changed: it had ${old.size} bytes, and has ${current.size}`;
      }
      const isSamePath = old.file === current.file;
      if (isSamePath && old.modified !== current.modified) return `${current.file} has changed`;
    }
  }
  return undefined;
}
