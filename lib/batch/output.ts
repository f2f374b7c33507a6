/** The files that a job writes. Nothing is under its final name before it is whole. */

import { statSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';

import { typeError, valueError } from '../bindings/errors';
import { DESCRIPTORS, headOf } from '../serialization/npy';
import { headBytes, NAMES } from '../serialization/safetensors_header';
import type { DType } from '../tensor/dtype';
import { writing } from './error';

/** The name of a file while it is written. */
export const partialOf = (file: string): string => `${file}.partial`;

export const exists = (file: string): boolean =>
  statSync(file, { throwIfNoEntry: false }) !== undefined;

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes all bytes from a position on. */
export async function writeAt(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const left = bytes.length - done;
    done += (await file.write(bytes, done, left, position + done)).bytesWritten;
  }
}

/** Writes a whole file. It has its name when it is on the disk. */
export function writeFile(file: string, content: string): Promise<void> {
  return writing(file, undefined, async () => {
    const handle = await open(partialOf(file), 'w');
    try {
      await writeAt(handle, Buffer.from(content), 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partialOf(file), file);
    await syncFolder(folderOf(file));
  });
}

/** The formats of outputs, by the ends of their names. */
export const FORMATS = [
  'npy',
  'safetensors',
  'parquet',
  'jsonl',
  'ndjson',
  'jsonl.gz',
  'ndjson.gz',
  'jsonl.zst',
  'ndjson.zst',
] as const;
export type OutputFormat = (typeof FORMATS)[number];

/** Returns the format of a name, or undefined for a name with another ending. */
export const formatOf = (file: string): OutputFormat | undefined =>
  FORMATS.find((format) => file.endsWith(`.${format}`));

/** The name of the losses in files that have names. */
export const LOSS = 'loss';

/** What a file of losses is made of. */
export interface OutputForm {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The dimension of the rows. */
  readonly dim: number;
  /** The numbers of the rows that are written together, the first and the one after the last. */
  readonly parts: readonly (readonly [from: number, to: number])[];
  /** Where to go on in a file whose rows have different lengths. */
  readonly end: number;
}

/** A file that is written in parts. It gets its name when it is whole. */
export abstract class OutputFile {
  protected constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** Opens the unfinished file, or makes it. */
  protected static async partial(path: string): Promise<FileHandle> {
    return await open(partialOf(path), exists(partialOf(path)) ? 'r+' : 'w');
  }

  /** Writes the beginning, which may be missing in the file of a run that was killed, and sets the length. */
  protected async begin(head: Uint8Array, length: number): Promise<void> {
    await this.put(head, 0);
    await this.file.truncate(length);
    await this.file.datasync();
    await syncFolder(folderOf(this.path));
  }

  /**
   * Writes `count` rows. They are durable when the promise resolves.
   *
   * @returns where the rows end, if the next run must know it
   */
  abstract write(row: number, count: number, bytes: Uint8Array): Promise<number | undefined>;

  protected put(bytes: Uint8Array, position: number): Promise<void> {
    return writeAt(this.file, bytes, position);
  }

  protected sync(): Promise<void> {
    return this.file.datasync();
  }

  async finish(): Promise<void> {
    try {
      await this.file.sync();
    } finally {
      await this.file.close();
    }
    await rename(partialOf(this.path), this.path);
    await syncFolder(folderOf(this.path));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** A file with a head and the elements of one array: `.npy` or `.safetensors`. */
class ArrayFile extends OutputFile {
  private constructor(
    path: string,
    file: FileHandle,
    private readonly start: number,
    private readonly layout: Layout,
  ) {
    super(path, file);
  }

  /** @throws TypeError for a dtype that the format has not */
  static async open(path: string, format: OutputFormat, form: OutputForm): Promise<OutputFile> {
    const { dtype, shape, dim } = form;
    const head = (format === 'npy' ? npyHead : safetensorsHead)(dtype, shape);
    const layout = layoutOf(shape, dim, dtype.itemsize);
    const file = new ArrayFile(path, await OutputFile.partial(path), head.length, layout);
    await file.begin(head, head.length + layout.outer * layout.rows * layout.rowBytes);
    return file;
  }

  async write(row: number, count: number, bytes: Uint8Array): Promise<undefined> {
    const { outer, rows, rowBytes } = this.layout;
    const length = count * rowBytes;
    for (let i = 0; i < outer && length > 0; i++) {
      const position = this.start + (i * rows + row) * rowBytes;
      await this.put(bytes.subarray(i * length, (i + 1) * length), position);
    }
    await this.sync();
  }
}

/** Where rows are: one after another, `outer` times. */
interface Layout {
  readonly outer: number;
  readonly rows: number;
  readonly rowBytes: number;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function layoutOf(shape: readonly number[], dim: number, itemsize: number): Layout {
  const rowBytes = product(shape.slice(dim + 1)) * itemsize;
  return { outer: product(shape.slice(0, dim)), rows: shape[dim]!, rowBytes };
}

function npyHead(dtype: DType, shape: readonly number[]): Uint8Array {
  const descriptor = DESCRIPTORS.get(dtype);
  if (!descriptor) throw lacking('numpy', dtype);
  return headOf(descriptor, false, shape);
}

function safetensorsHead(dtype: DType, shape: readonly number[]): Uint8Array {
  const name = NAMES.get(dtype);
  if (!name) throw lacking('safetensors', dtype);
  const size = product(shape) * dtype.itemsize;
  return headBytes({ [LOSS]: { dtype: name, shape, data_offsets: [0, size] } });
}

export const lacking = (what: string, dtype: DType): Error =>
  typeError(`evaluate(): ${what} has no ${dtype}: choose another dtype for the inputs`);

/** The shape of a row in a table, whose rows are its first dimension. */
export function rowOf({ shape, dim }: OutputForm): readonly number[] {
  if (dim === 0) return shape.slice(1);
  throw valueError(
    `evaluate(): a table has rows as its first dimension, here they are dimension ${dim}: write .npy or .safetensors`,
  );
}

/** Opens the file of a job's losses. What its format needs is loaded here. */
export async function openOutput(
  path: string,
  format: OutputFormat,
  form: OutputForm,
): Promise<OutputFile> {
  switch (format) {
    case 'npy':
    case 'safetensors':
      return ArrayFile.open(path, format, form);
    case 'parquet':
      return (await import('./output_parquet.js')).ParquetFile.open(path, form);
    default:
      return (await import('./output_lines.js')).LinesFile.open(path, form);
  }
}

export const folderOf = (file: string): string => path.dirname(path.resolve(file));
