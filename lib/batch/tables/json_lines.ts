/** Files of JSON lines: an object in each line, or a number or list. */
import type { DType } from '../../tensor/dtype';
import * as dtypes from '../../tensor/dtype';
import type { Compression } from './compression';
import type { Decoders } from './decoders';
import {
  type Cell,
  type CellType,
  type Form,
  formOf,
  joined,
  parseForm,
  valueAt,
} from './json_values';
import type { Mark, Scan } from './messages';
import { RowProblem } from './problem';
import { allOf, chosenName, partsOf, type Selection, type TableColumn } from './table';

/** A thread gets this many bytes or more of a chunk. */
const LEAST_PART = 2 ** 20;
/** The memory of a thread for blocks and lines. */
const HELD = 2 ** 22;

const DTYPES: Readonly<Record<CellType, DType>> = {
  bool: dtypes.bool,
  int64: dtypes.int64,
  float32: dtypes.float32,
  float64: dtypes.float64,
};

/** A request for rows of one column. */
interface Wanted {
  readonly cell: Cell;
  readonly from: number;
  readonly to: number;
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** The numbers of files whose tasks have a thread of their own. */
let owners = 0;

export class JsonLines {
  #wanted: Wanted[] = [];
  /** A compressed file is read from its beginning on, so one thread reads it. */
  readonly #owner: number | undefined;

  private constructor(
    private readonly path: string,
    private readonly size: number,
    private readonly compression: Compression,
    private readonly decoders: Decoders,
    private readonly contents: Scan,
  ) {
    this.#owner = compression === 'none' ? undefined : owners++;
  }

  /** Opens a file, and counts its rows. */
  static async open(
    path: string,
    size: number,
    compression: Compression,
    decoders: Decoders,
  ): Promise<JsonLines> {
    const contents = await decoders.run<Scan>({ kind: 'scan', path, compression });
    return new JsonLines(path, size, compression, decoders, contents);
  }

  /**
   * Returns a column. Its dtype and the shape of a row are those of the first rows.
   *
   * Its name may be names of nested objects with points between them.
   *
   * @throws RowProblem
   */
  async column({ member, input, dtype: wanted }: Selection): Promise<TableColumn> {
    const { rows, sample } = this.contents;
    if (sample.length === 0) return empty(member);
    const first = this.#parsed(0);
    const { keys, name } = keysOf(first, member, input, (problem) => this.#wrong(0, problem));
    const { kind, shape } = this.#form(name, keys);
    const dtype = cellTypeOf(kind, wanted);
    const cell: Cell = { name, keys, dtype, shape };
    return {
      name: keys.length ? name : undefined,
      dtype: DTYPES[dtype],
      shape: [rows, ...shape],
      held: Math.min(HELD, this.size) * this.decoders.size,
      read: (from, to, memory, offset) =>
        new Promise((resolve, reject) => {
          this.#wanted.push({ cell, from, to, memory, offset, resolve, reject });
          // The columns of a file that are wanted at the same time are read together.
          if (this.#wanted.length === 1) queueMicrotask(() => void this.#flush());
        }),
    };
  }

  #parsed(row: number): unknown {
    try {
      return parseForm(this.contents.sample[row]!);
    } catch (error) {
      throw this.#wrong(row, (error as Error).message);
    }
  }

  #wrong(row: number, problem: string): RowProblem {
    return new RowProblem(`row ${row} ${problem}`, row);
  }

  #form(name: string, keys: readonly string[]): Form {
    const forms = this.contents.sample.map((_, row) => {
      try {
        return formOf(valueAt(this.#parsed(row), { keys, name }), name);
      } catch (error) {
        throw error instanceof RowProblem ? error : this.#wrong(row, (error as Error).message);
      }
    });
    const kind = joined([...new Set(forms.map((form) => form.kind))], name);
    return { kind, shape: forms[0]!.shape };
  }

  async #flush(): Promise<void> {
    const groups = new Map<string, Wanted[]>();
    for (const wanted of this.#wanted.splice(0)) {
      const key = `${wanted.from} ${wanted.to}`;
      groups.set(key, [...(groups.get(key) ?? []), wanted]);
    }
    await Promise.all([...groups.values()].map((group) => this.#read(group)));
  }

  async #read(group: readonly Wanted[]): Promise<void> {
    const { from, to } = group[0]!;
    const tasks = partsOf(from, to, this.#parts(to - from)).map(([first, last]) =>
      this.decoders.run(
        {
          kind: 'lines',
          path: this.path,
          compression: this.compression,
          from: first,
          to: last,
          mark: this.#markBefore(first),
          cells: group.map(({ cell, memory, offset }) => ({
            ...cell,
            memory,
            offset: offset + (first - from) * bytesOf(cell),
          })),
        },
        this.#owner,
      ),
    );
    try {
      await allOf(tasks);
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #parts(rows: number): number {
    if (this.#owner !== undefined) return 1;
    const bytes = (this.size * rows) / Math.max(this.contents.rows, 1);
    return Math.max(1, Math.min(this.decoders.size, rows, Math.floor(bytes / LEAST_PART)));
  }

  #markBefore(row: number): Mark {
    const { marks } = this.contents;
    let low = 0;
    for (let high = marks.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (marks[middle]!.row <= row) low = middle;
      else high = middle;
    }
    return marks[low]!;
  }
}

const bytesOf = ({ dtype, shape }: Cell): number =>
  shape.reduce((product, size) => product * size, DTYPES[dtype].itemsize);

const empty = (name: string | undefined): TableColumn => ({
  name,
  dtype: dtypes.float32,
  shape: undefined,
  held: 0,
  read: async () => {},
});

/** Numbers are read as float32, as `torch.tensor` reads lists, unless another dtype would lose less. */
function cellTypeOf(kind: Form['kind'], { own, floats }: Selection['dtype']): CellType {
  const dtype = own ?? (kind === 'float' ? floats : undefined);
  if (kind === 'bool') return 'bool';
  if (!dtype) return kind === 'int' ? 'int64' : 'float32';
  if (dtype.is_floating_point) return dtype === dtypes.float64 ? 'float64' : 'float32';
  return kind === 'int' ? 'int64' : 'float64';
}

/** Finds the column of a row: a key, keys of nested objects, or the row itself. */
function keysOf(
  row: unknown,
  member: string | undefined,
  fallback: string,
  wrong: (problem: string) => Error,
): { keys: string[]; name: string } {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    if (member === undefined) return { keys: [], name: fallback };
    throw wrong(`is no object, and has no ${JSON.stringify(member)}`);
  }
  const all = new Map<string, string[]>();
  const visit = (object: object, keys: readonly string[]): void => {
    for (const [key, value] of Object.entries(object)) {
      const path = [...keys, key];
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
      if (isObject && path.length < DEEPEST) visit(value, path);
      else all.set(path.join('.'), path);
    }
  };
  visit(row, []);
  const name = chosenName([...all.keys()], member, fallback, wrong);
  return { keys: all.get(name)!, name };
}

const DEEPEST = 8;
