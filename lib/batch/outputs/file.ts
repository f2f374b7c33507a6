/** What the files of losses have in common. */

import { typeError, valueError } from '../../bindings/errors';
import type { DType } from '../../tensor/dtype';
import type { Sink } from './sink';

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

/** An output that is written in parts. */
export abstract class OutputFile {
  protected constructor(
    readonly path: string,
    protected readonly sink: Sink,
  ) {}

  /**
   * Writes `count` rows. They are durable when the promise resolves.
   *
   * @returns where the rows end, if the next run must know it
   */
  abstract write(row: number, count: number, bytes: Uint8Array): Promise<number | undefined>;

  finish(): Promise<void> {
    return this.sink.finish();
  }

  close(): Promise<void> {
    return this.sink.close();
  }
}

/** The error for losses of a dtype that a format has not. */
export function lacking(format: string, dtype: DType): Error {
  const advice = format === 'safetensors' ? '' : 'write .safetensors, or ';
  return typeError(
    `evaluate(): ${format} has no ${dtype}: ${advice}choose another dtype for the inputs`,
  );
}

/** The shape of a row in a table, whose rows are its first dimension. */
export function rowOf({ shape, dim }: OutputForm): readonly number[] {
  if (dim === 0) return shape.slice(1);
  throw valueError(
    `evaluate(): a table has rows as its first dimension, here they are dimension ${dim}: write .npy or .safetensors`,
  );
}
