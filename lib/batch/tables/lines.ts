/** Reads JSON lines in a thread: counts rows, and puts columns into memory. */
import { blocksOf, type Compression } from './compression';
import { cellWriter, parseRow, valueAt } from './json_values';
import type { LinesTask, Mark, Scan, ScanTask } from './messages';
import { RowProblem } from './problem';

const NEWLINE = 10;
/** The distance of marks, in bytes. */
const MARK_DISTANCE = 2 ** 20;
/** The size of the sample: so many rows, and about so many bytes. */
const SAMPLE = { rows: 1000, bytes: 2 ** 20 };
/** A line may have so many bytes, since JavaScript has no longer texts. */
const LONGEST_LINE = 2 ** 29 - 2 ** 10;
const START: Mark = { row: 0, line: 0, offset: 0 };

/** Takes the bytes `from` to `to` of a block, which are a row, and its place. */
type Each = (block: Buffer, from: number, to: number, place: Mark) => void;

/** The lines of a file, from a place on. Lines without content are no rows. */
class Lines {
  #blocks: AsyncGenerator<Buffer>;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  /** The beginning of a line whose end was not read yet. */
  #parts: Buffer[] = [];
  #row: number;
  #line: number;
  #offset: number;

  constructor(path: string, compression: Compression, { row, line, offset }: Mark) {
    this.#blocks = blocksOf(path, compression, offset);
    [this.#row, this.#line, this.#offset] = [row, line, offset];
  }

  get row(): number {
    return this.#row;
  }

  /** Reads up to a row, or to the end of the file. */
  async read(to: number, each: Each): Promise<void> {
    while (this.#row < to) {
      const end = this.#block.indexOf(NEWLINE, this.#at);
      if (end >= 0) {
        this.#take(this.#block, this.#at, end, 1, each);
        this.#at = end + 1;
      } else if (!(await this.#next())) {
        if (this.#parts.length) this.#take(this.#block, 0, 0, 0, each);
        return;
      }
    }
  }

  async #next(): Promise<boolean> {
    const rest = this.#block.subarray(this.#at);
    if (rest.length) this.#parts.push(rest);
    this.#at = 0;
    const length = this.#parts.reduce((sum, part) => sum + part.length, 0);
    if (length > LONGEST_LINE) throw this.#problem(`is longer than ${LONGEST_LINE} bytes`);
    try {
      const { value, done } = await this.#blocks.next();
      this.#block = done ? Buffer.alloc(0) : value;
      return !done;
    } catch (error) {
      throw this.#problem(`cannot be read: ${(error as Error).message}`);
    }
  }

  #problem(problem: string): RowProblem {
    return new RowProblem(`row ${this.#row} (line ${this.#line + 1}) ${problem}`, this.#row);
  }

  #take(block: Buffer, from: number, to: number, newline: number, each: Each): void {
    const whole = this.#parts.length
      ? Buffer.concat([...this.#parts.splice(0), block.subarray(from, to)])
      : undefined;
    const [text, start, end] = whole ? [whole, 0, whole.length] : [block, from, to];
    const skipped = this.#offset === 0 && hasMark(text, start) ? BYTE_ORDER_MARK.length : 0;
    if (!isBlank(text, start + skipped, end)) {
      const place = { row: this.#row, line: this.#line, offset: this.#offset };
      each(text, start + skipped, end, place);
      this.#row++;
    }
    this.#line++;
    this.#offset += end - start + newline;
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined);
  }
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const hasMark = (text: Buffer, start: number): boolean =>
  text.subarray(start, start + 3).equals(BYTE_ORDER_MARK);

/** Whether there is nothing but white space. A longer line of it is taken for a row, which is an error. */
function isBlank(text: Buffer, from: number, to: number): boolean {
  if (to - from > 8) return false;
  for (let i = from; i < to; i++) {
    if (text[i] !== 0x20 && text[i] !== 0x09 && text[i] !== 0x0d) return false;
  }
  return true;
}

export async function scan({ path, compression }: ScanTask): Promise<Scan> {
  const marks: Mark[] = [START];
  const sample: string[] = [];
  let sampled = 0;
  const lines = new Lines(path, compression, START);
  await lines.read(Number.POSITIVE_INFINITY, (block, from, to, place) => {
    if (place.row === 0 || (sample.length < SAMPLE.rows && sampled < SAMPLE.bytes)) {
      if (place.row === sample.length) sample.push(block.toString('utf8', from, to));
      sampled += to - from;
    }
    if (place.offset - marks.at(-1)!.offset >= MARK_DISTANCE) marks.push(place);
  });
  return { rows: lines.row, marks, sample };
}

/** The lines of a compressed file after the last task: another pass would start at the beginning. */
const open = new Map<string, Lines>();

export async function readLines(task: LinesTask): Promise<void> {
  const { path, compression, from, to, mark, cells } = task;
  const kept = open.get(path);
  open.delete(path);
  const isAhead = kept !== undefined && kept.row <= from;
  if (!isAhead) await kept?.close();
  const lines = isAhead
    ? kept
    : new Lines(path, compression, compression === 'none' ? mark : START);
  const writers = cells.map((cell) => ({ cell, write: cellWriter(cell, cell) }));
  try {
    await lines.read(to, (block, start, end, { row, line }) => {
      if (row < from) return;
      try {
        const value = parseRow(block.toString('utf8', start, end));
        for (const { cell, write } of writers) write(valueAt(value, cell), row - from);
      } catch (error) {
        const { message } = error as Error;
        throw new RowProblem(`row ${row} (line ${line + 1}) ${message}`, row);
      }
    });
    if (lines.row < to) throw new RowProblem(`ends at row ${lines.row}`, lines.row);
  } catch (error) {
    await lines.close();
    throw error;
  }
  if (compression === 'none') await lines.close();
  else open.set(path, lines);
}
