/** Losses as JSON lines: `{"loss":0.5}`, compressed if the name of the file says so. */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { DType } from '../../tensor/dtype';
import { frombuffer } from '../../tensor/frombuffer';
import { numbersOf } from '../summary';
import { LOSS, OutputFile, type OutputForm, type OutputFormat, rowOf } from './file';
import { openSink, type Sink } from './sink';

type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;
type WithZstd = typeof zlib & { zstdCompress?: typeof zlib.gzip };

/** Returns what compresses the parts of a file, or undefined for a file that is not compressed. */
function compressor(format: OutputFormat): Compress | undefined {
  if (format.endsWith('.gz')) return promisify(zlib.gzip);
  return format.endsWith('.zst') ? promisify((zlib as WithZstd).zstdCompress!) : undefined;
}

export class LinesFile extends OutputFile {
  readonly #dtype: DType;
  readonly #row: readonly number[];
  readonly #compress: Compress | undefined;
  #end: number;

  private constructor(path: string, sink: Sink, format: OutputFormat, form: OutputForm) {
    super(path, sink);
    this.#dtype = form.dtype;
    this.#row = rowOf(form);
    this.#end = form.end;
    this.#compress = compressor(format);
  }

  static async open(path: string, format: OutputFormat, form: OutputForm): Promise<OutputFile> {
    const file = new LinesFile(path, await openSink(path), format, form);
    await file.sink.begin(new Uint8Array(0), form.end);
    return file;
  }

  async write(_row: number, count: number, bytes: Uint8Array): Promise<number> {
    const text = Buffer.from(this.#text(count, bytes));
    // Each part is whole by itself, and the parts of a compressed file may follow one another.
    const part = this.#compress ? await this.#compress(text) : text;
    await this.sink.put(part, this.#end);
    await this.sink.sync();
    this.#end += part.length;
    return this.#end;
  }

  #text(rows: number, bytes: Uint8Array): string {
    const numbers = bytes.length
      ? numbersOf(frombuffer(Uint8Array.from(bytes), { dtype: this.#dtype }))
      : [];
    const lines = Array.from({ length: rows }, (_, row) => {
      const at = (row * numbers.length) / rows;
      return `{"${LOSS}":${textOf(numbers, at, this.#row)}}\n`;
    });
    return lines.join('');
  }
}

/** Returns an element, or a list of those of a dimension. */
function textOf(
  numbers: ArrayLike<number>,
  at: number,
  [size, ...inner]: readonly number[],
): string {
  if (size === undefined) return numberText(numbers[at]!);
  const part = inner.reduce((product, length) => product * length, 1);
  const parts = Array.from({ length: size }, (_, i) => textOf(numbers, at + i * part, inner));
  return `[${parts.join(',')}]`;
}

/** JSON has neither NaN nor infinity: NaN is null, and infinity a number beyond all, which parsers read as infinity. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
  return Number.isNaN(value) ? 'null' : `${value < 0 ? '-' : ''}1e999`;
}
