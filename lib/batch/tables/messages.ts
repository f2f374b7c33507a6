/** What the threads that decode tables are asked, and what they answer. */
import type { Compression } from './compression';
import type { Cell } from './json_values';
import type { PageColumn } from './pages';

/** Counts the rows of a file of JSON lines. The answer is a {@link Scan}. */
export interface ScanTask {
  readonly kind: 'scan';
  readonly path: string;
  readonly compression: Compression;
}

/** The place of a row: its number and that of its line, from 0, and the line's offset in the text. */
export interface Mark {
  readonly row: number;
  readonly line: number;
  readonly offset: number;
}

export interface Scan {
  readonly rows: number;
  /** Places to start from, in order. */
  readonly marks: readonly Mark[];
  /** The first rows. */
  readonly sample: readonly string[];
}

/** Where the elements of a column go. */
export interface Destination {
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
}

/** Reads columns of rows of JSON lines. */
export interface LinesTask {
  readonly kind: 'lines';
  readonly path: string;
  readonly compression: Compression;
  readonly from: number;
  readonly to: number;
  /** A place before the first row. */
  readonly mark: Mark;
  readonly cells: readonly (Cell & Destination)[];
}

/** Reads rows of a column of a Parquet file. */
export interface PagesTask extends Destination {
  readonly kind: 'pages';
  readonly path: string;
  readonly column: PageColumn;
  readonly from: number;
  readonly to: number;
}

export type Task = ScanTask | LinesTask | PagesTask;

export interface Request {
  readonly id: number;
  readonly task: Task;
}

export interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly problem?: { readonly message: string; readonly row: number | undefined };
}
