/**
 * Losses in Apache Parquet: a column of numbers, or of lists. Nothing is compressed, since losses have few bits in
 * common. So the place of each part is known before it is written, and a job that was killed can go on.
 */
import type { ColumnChunk, RowGroup, SchemaElement } from 'hyparquet' with {
  'resolution-mode': 'import',
};
import type * as bytewriter from 'hyparquet-writer/src/bytewriter.js' with {
  'resolution-mode': 'import',
};
import type * as datapage from 'hyparquet-writer/src/datapage.js' with {
  'resolution-mode': 'import',
};
import type * as footer from 'hyparquet-writer/src/metadata.js' with {
  'resolution-mode': 'import',
};

import type { DType } from '../../tensor/dtype';
import * as dtypes from '../../tensor/dtype';
import { bitsOf } from '../tables/bits';
import { LOSS, lacking, OutputFile, type OutputForm, rowOf } from './file';
import { openSink, type Sink } from './sink';

const MAGIC = Buffer.from('PAR1');

const TYPES: ReadonlyMap<
  DType,
  Omit<SchemaElement, 'name'> & { type: NonNullable<SchemaElement['type']> }
> = new Map([
  [dtypes.float32, { type: 'FLOAT' }],
  [dtypes.float64, { type: 'DOUBLE' }],
  [
    dtypes.float16,
    { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } },
  ],
]);

/** What the library offers. */
type Library = typeof bytewriter & typeof datapage & typeof footer;

async function library(): Promise<Library> {
  const parts = await Promise.all([
    import('hyparquet-writer/src/bytewriter.js'),
    import('hyparquet-writer/src/datapage.js'),
    import('hyparquet-writer/src/metadata.js'),
  ]);
  return Object.assign({}, ...parts);
}

/** A part of the file: a group of rows, whose column is one page. */
interface Group {
  readonly from: number;
  readonly rows: number;
  readonly start: number;
  /** The header of the page, and the levels of its values. */
  readonly head: Uint8Array;
  readonly values: number;
  readonly end: number;
}

export class ParquetFile extends OutputFile {
  private constructor(
    path: string,
    sink: Sink,
    private readonly groups: readonly Group[],
    private readonly footer: Uint8Array,
  ) {
    super(path, sink);
  }

  /** @throws TypeError for a dtype that Parquet has not */
  static async open(path: string, form: OutputForm): Promise<OutputFile> {
    if (!TYPES.has(form.dtype)) throw lacking('Parquet', form.dtype);
    const tools = await library();
    const groups = groupsOf(form, tools);
    const footer = footerOf(form, groups, tools);
    const file = new ParquetFile(path, await openSink(path), groups, footer);
    await file.sink.begin(MAGIC, groups.at(-1)?.end ?? MAGIC.length);
    return file;
  }

  async write(row: number, count: number, bytes: Uint8Array): Promise<undefined> {
    if (count === 0) return;
    const group = this.groups.find(({ from }) => from === row)!;
    await this.sink.put(group.head, group.start);
    await this.sink.put(bytes, group.start + group.head.length);
    await this.sink.sync();
  }

  override async finish(): Promise<void> {
    await this.sink.put(this.footer, this.groups.at(-1)?.end ?? MAGIC.length);
    await super.finish();
  }
}

function groupsOf(form: OutputForm, tools: Library): Group[] {
  const { dtype } = form;
  const row = rowOf(form);
  const rowBytes = row.reduce((product, size) => product * size, dtype.itemsize);
  const heads = new Map<number, { head: Uint8Array; values: number }>();
  let start = MAGIC.length;
  return form.parts.map(([from, to]) => {
    const rows = to - from;
    const { head, values } = heads.get(rows) ?? pageHead(rows, rowBytes, row, tools);
    heads.set(rows, { head, values });
    const end = start + head.length + rows * rowBytes;
    const group = { from, rows, start, head, values, end };
    start = end;
    return group;
  });
}

/** Returns the header of a page, and the levels. */
function pageHead(
  rows: number,
  rowBytes: number,
  row: readonly number[],
  { ByteWriter, writePageHeader }: Library,
): { head: Uint8Array; values: number } {
  const { repetitions, level } = levelsOf(row);
  const values = rows * repetitions.length;
  const levels = row.length
    ? Buffer.concat([
        sized(packed(repetitions, rows, bitsOf(row.length))),
        sized(repeated(level, values, bitsOf(row.length))),
      ])
    : Buffer.alloc(0);
  const size = levels.length + rows * rowBytes;
  const writer = new ByteWriter();
  writePageHeader(writer, {
    type: 'DATA_PAGE',
    uncompressed_page_size: size,
    compressed_page_size: size,
    data_page_header: {
      num_values: values,
      encoding: 'PLAIN',
      definition_level_encoding: 'RLE',
      repetition_level_encoding: 'RLE',
    },
  });
  return { head: Buffer.concat([writer.getBytes(), levels]), values };
}

/** Returns the repetition levels of a row, and the definition level of all its values. */
function levelsOf(row: readonly number[]): { repetitions: number[]; level: number } {
  // An empty list has one place, without a value, at the level of the list around it.
  const empty = row.indexOf(0);
  const level = empty < 0 ? row.length : empty;
  const lengths = row.slice(0, level);
  let repetitions = [0];
  for (const [depth, length] of [...lengths.entries()].reverse()) {
    const inner = repetitions;
    const next = [depth + 1, ...inner.slice(1)];
    repetitions = [...inner, ...Array.from({ length: length - 1 }, () => next).flat()];
  }
  return { repetitions, level };
}

/** Packs the levels of all rows in groups of 8. */
function packed(levels: readonly number[], rows: number, width: number): Buffer {
  const count = levels.length * rows;
  const groups = Math.ceil(count / 8);
  const bits = Buffer.alloc(groups * width);
  for (let i = 0; i < count; i++) {
    const level = levels[i % levels.length]!;
    for (let bit = 0; bit < width; bit++) {
      const at = i * width + bit;
      if ((level >> bit) & 1) bits[at >> 3]! |= 1 << (at & 7);
    }
  }
  return Buffer.concat([varint(groups * 2 + 1), bits]);
}

/** A run of one level. */
const repeated = (level: number, count: number, width: number): Buffer =>
  Buffer.concat([varint(count * 2), Buffer.from([level]).subarray(0, Math.ceil(width / 8))]);

function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return Buffer.concat([size, bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function footerOf(
  form: OutputForm,
  groups: readonly Group[],
  { ByteWriter, writeMetadata }: Library,
): Uint8Array {
  const { dtype } = form;
  const row = rowOf(form);
  const writer = new ByteWriter();
  writeMetadata(writer, {
    version: 2,
    created_by: 'torch-losses',
    schema: schemaOf(dtype, row),
    num_rows: BigInt(form.shape[0]!),
    row_groups: groups.map((group) => rowGroup(group, dtype, row)),
    metadata_length: 0,
  });
  return Buffer.concat([writer.getBytes(), MAGIC]);
}

function rowGroup(group: Group, dtype: DType, row: readonly number[]): RowGroup {
  const size = BigInt(group.end - group.start);
  const column: ColumnChunk = {
    file_offset: BigInt(group.start),
    meta_data: {
      type: TYPES.get(dtype)!.type,
      encodings: ['PLAIN', 'RLE'],
      path_in_schema: [LOSS, ...row.flatMap(() => ['list', 'element'])],
      codec: 'UNCOMPRESSED',
      num_values: BigInt(group.values),
      total_uncompressed_size: size,
      total_compressed_size: size,
      data_page_offset: BigInt(group.start),
    },
  };
  return { columns: [column], total_byte_size: size, num_rows: BigInt(group.rows) };
}

function schemaOf(dtype: DType, row: readonly number[]): SchemaElement[] {
  const lists = row.flatMap((_, depth): SchemaElement[] => [
    {
      name: depth === 0 ? LOSS : 'element',
      repetition_type: 'REQUIRED',
      num_children: 1,
      converted_type: 'LIST',
      logical_type: { type: 'LIST' },
    },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ]);
  const name = row.length ? 'element' : LOSS;
  return [
    { name: 'schema', num_children: 1 },
    ...lists,
    { ...TYPES.get(dtype)!, name, repetition_type: 'REQUIRED' },
  ];
}
