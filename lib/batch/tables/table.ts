/** Columns of tables, as a job reads them. */
import type { DType } from '../../tensor/dtype';

/** Which array or column of a file is an input. */
export interface Selection {
  /** The name of the array or column. Default: the only one, or that of the input. */
  readonly member: string | undefined;
  readonly input: string;
  /** The dtype in which the job computes: of this input, or of all floating-point ones. */
  readonly dtype: { readonly own: DType | undefined; readonly floats: DType | undefined };
}

/** A column: an array whose first dimension is that of the rows. */
export interface TableColumn {
  /** The name of the column; undefined if the rows have none. */
  readonly name: string | undefined;
  readonly dtype: DType;
  /** The shape with the rows, or undefined for a file without rows that does not tell the shape of a row. */
  readonly shape: readonly number[] | undefined;
  /** The memory that reading takes, beside the rows. */
  readonly held: number;
  /**
   * Reads rows into memory, from an offset on.
   *
   * @throws RowProblem
   */
  read(from: number, to: number, memory: SharedArrayBuffer, offset: number): Promise<void>;
}

/**
 * Returns the name of the column or array to read.
 *
 * @param wrong - makes the error for a name that is not there
 */
export function chosenName(
  names: readonly string[],
  member: string | undefined,
  fallback: string,
  wrong: (problem: string) => Error,
): string {
  const name = member ?? (names.length === 1 ? names[0]! : fallback);
  if (names.includes(name)) return name;
  const all = names.map((each) => JSON.stringify(each)).join(', ');
  throw wrong(`has no array ${JSON.stringify(name)}, but ${all || 'none'}: name one as FILE:NAME`);
}

/** Divides rows into parts of about the same size. */
export function partsOf(from: number, to: number, count: number): [from: number, to: number][] {
  const rows = to - from;
  return Array.from({ length: count }, (_, i) => [
    from + Math.floor((rows * i) / count),
    from + Math.floor((rows * (i + 1)) / count),
  ]);
}

/** Waits for all parts. The error is that of the first part that fails, which names the first row that is wrong. */
export async function allOf(parts: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(parts);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
