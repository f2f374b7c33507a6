/** Files in Apache Parquet: the columns of numbers, and of lists of numbers that have one length. */
import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet' with {
  'resolution-mode': 'import',
};

import { damaged, dataView, type Reader } from '../../serialization/reader';
import type { DType } from '../../tensor/dtype';
import * as dtypes from '../../tensor/dtype';
import { structEnd } from './compact';
import type { Decoders } from './decoders';
import { type PageColumn, type PageGroup, shapeOfRows } from './pages';
import { allOf, chosenName, partsOf, type Selection, type TableColumn } from './table';

const MAGIC = 0x31524150; // PAR1
const ENCRYPTED = 0x45524150; // PARE
const LARGEST_FOOTER = 2 ** 29;
/** A thread gets this many bytes or more of a chunk. */
const LEAST_PART = 2 ** 21;
/** The memory of a thread for pages. */
const HELD = 2 ** 23;

/** A column of the schema that has values. */
interface Leaf {
  readonly name: string;
  readonly index: number;
  readonly element: SchemaElement;
  /** The number of lists around a value. */
  readonly depth: number;
  /** The definition level of a value that is there. */
  readonly present: number;
}

export class Parquet {
  private constructor(
    private readonly path: string,
    private readonly size: number,
    private readonly decoders: Decoders,
    private readonly metadata: FileMetaData,
    private readonly leaves: readonly Leaf[],
  ) {}

  /** @throws RangeError (ValueError) if the file is damaged */
  static async open(reader: Reader, path: string, decoders: Decoders): Promise<Parquet> {
    const { parquetMetadata, parquetSchema } = await import('hyparquet');
    const footer = footerOf(reader);
    try {
      structEnd(new Uint8Array(footer, 0, footer.byteLength - 8), 0);
      const metadata = parquetMetadata(footer, { geoparquet: false });
      const leaves = leavesOf(parquetSchema(metadata));
      return new Parquet(path, reader.size, decoders, metadata, leaves);
    } catch {
      throw damaged(reader.path, 'has a damaged footer');
    }
  }

  /**
   * Returns a column.
   *
   * @param wrong - makes the error for a column that cannot be read
   */
  async column(
    { member, input }: Selection,
    wrong: (problem: string) => Error,
  ): Promise<TableColumn> {
    const names = this.leaves.map(({ name }) => name);
    const name = chosenName(names, member, input, wrong);
    const leaf = this.leaves.find((each) => each.name === name)!;
    const problem = (text: string): Error => wrong(`column ${JSON.stringify(name)} ${text}`);
    const form = formOf(leaf.element);
    if (!form) throw problem(`is of ${typeText(leaf.element)}, where numbers are expected`);
    const { groups, codec, width } = this.#groups(leaf, problem);
    const rows = groups.reduce((sum, group) => sum + group.rows, 0);
    const isNullable = leaf.element.repetition_type === 'OPTIONAL';
    const column: PageColumn = {
      ...form,
      name,
      size: form.dtype.itemsize,
      isFloat: form.dtype.is_floating_point,
      codec,
      present: leaf.present,
      missing: isNullable ? leaf.present - 1 : -1,
      // The lengths of lists in lists are not known yet.
      shape: Array.from({ length: leaf.depth }, (_, i) => (i === 0 ? width : 1)),
      groups,
    };
    const { dtype, ...plain } = column as PageColumn & { dtype: DType };
    const isShapeless = rows === 0 && leaf.depth > 0;
    const shape =
      leaf.depth > 1 && rows > 0 ? await shapeOfRows(this.path, plain, leaf.depth) : plain.shape;
    return {
      name,
      dtype,
      shape: isShapeless ? undefined : [rows, ...shape],
      held: Math.min(HELD, this.size) * this.decoders.size,
      read: (from, to, memory, offset) => this.#read({ ...plain, shape }, from, to, memory, offset),
    };
  }

  async #read(
    column: PageColumn,
    from: number,
    to: number,
    memory: SharedArrayBuffer,
    offset: number,
  ): Promise<void> {
    const row = column.shape.reduce((product, size) => product * size, column.size);
    const most = Math.max(1, Math.floor(((to - from) * row) / LEAST_PART));
    const parts = partsOf(from, to, Math.min(this.decoders.size, most));
    const tasks = parts.map(([first, last]) => {
      const groups = column.groups.filter(
        (group) => group.from < last && first < group.from + group.rows,
      );
      return this.decoders.run({
        kind: 'pages',
        path: this.path,
        column: { ...column, groups },
        from: first,
        to: last,
        memory,
        offset: offset + (first - from) * row,
      });
    });
    await allOf(tasks);
  }

  /** Returns where the pages of a column are, and how many values each row has. */
  #groups(
    { index, depth, element }: Leaf,
    wrong: (problem: string) => Error,
  ): { groups: PageGroup[]; codec: string; width: number } {
    const groups: PageGroup[] = [];
    const widths = new Set<number>();
    const codecs = new Set<string>();
    let from = 0;
    for (const { columns, num_rows } of this.metadata.row_groups) {
      const rows = sizeOf(num_rows);
      const meta = columns[index]?.meta_data;
      if (!meta || rows === undefined) throw wrong('is damaged: it has no place in the file');
      if (columns[index]!.file_path) throw wrong('is in another file, which is not supported');
      if (columns[index]!.crypto_metadata) throw wrong('is encrypted');
      if (rows === 0) continue;
      const start = sizeOf(meta.dictionary_page_offset || meta.data_page_offset);
      const first = Math.min(start ?? Number.NaN, sizeOf(meta.data_page_offset) ?? Number.NaN);
      const end = first + (sizeOf(meta.total_compressed_size) ?? Number.NaN);
      const values = sizeOf(meta.num_values);
      if (!(first >= 4 && end <= this.size) || values === undefined || meta.type !== element.type) {
        throw wrong('is damaged: its place lies outside the file');
      }
      widths.add(values / rows);
      codecs.add(meta.codec);
      groups.push({ from, rows, start: first, end });
      from += rows;
    }
    const [width = 1] = widths;
    if (widths.size > 1 || !Number.isInteger(width) || width < 1 || (depth === 0 && width !== 1)) {
      throw wrong('has lists of different lengths, which are no tensor');
    }
    if (codecs.size > 1) throw wrong('is compressed in several ways, which is not supported');
    return { groups, codec: [...codecs][0] ?? 'UNCOMPRESSED', width };
  }
}

/** Returns a size of the footer, or undefined if it is none. */
function sizeOf(value: unknown): number | undefined {
  const size = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : -1;
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

/** Returns the footer: the metadata, its length, and the magic number. */
function footerOf(reader: Reader): ArrayBuffer {
  const { path, size } = reader;
  const tail = dataView(reader.read(size - 8, 8, 'the footer'));
  const magic = tail.getUint32(4, true);
  if (magic === ENCRYPTED) throw damaged(path, 'is encrypted');
  if (magic !== MAGIC) throw damaged(path, 'is truncated or damaged: it has no footer');
  const length = tail.getUint32(0, true);
  if (length > LARGEST_FOOTER) throw damaged(path, `has a footer of ${length} bytes`);
  const bytes = reader.read(size - 8 - length, length + 8, 'the footer');
  return Uint8Array.from(bytes).buffer;
}

/** The type of values in the file, its bytes there, and the dtype that holds them. */
interface TypeForm {
  readonly physical: string;
  readonly physicalSize: number;
  readonly dtype: DType;
}

const INTEGERS: ReadonlyMap<string, DType> = new Map([
  ['INT_8', dtypes.int8],
  ['INT_16', dtypes.int16],
  ['INT_32', dtypes.int32],
  ['INT_64', dtypes.int64],
  ['UINT_8', dtypes.uint8],
  ['UINT_16', dtypes.uint16],
  ['UINT_32', dtypes.uint32],
  ['UINT_64', dtypes.uint64],
]);
const SIZES: Readonly<Record<string, number>> = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8 };

/** Returns how the values of a column are read, or undefined if they are no numbers. */
function formOf(element: SchemaElement): TypeForm | undefined {
  const { type: physical, type_length, converted_type, logical_type } = element;
  const physicalSize = SIZES[physical!] ?? 0;
  if (physical === 'FIXED_LEN_BYTE_ARRAY') {
    const isHalf = logical_type?.type === 'FLOAT16' && type_length === 2;
    return isHalf ? { physical, physicalSize: 2, dtype: dtypes.float16 } : undefined;
  }
  const integer =
    logical_type?.type === 'INTEGER'
      ? `${logical_type.isSigned ? 'INT' : 'UINT'}_${logical_type.bitWidth}`
      : converted_type;
  const isPlain = integer === undefined && logical_type === undefined;
  if (physical === 'INT32' || physical === 'INT64') {
    const dtype = INTEGERS.get(isPlain ? `INT_${physicalSize * 8}` : (integer ?? ''));
    const fits = dtype && dtype.itemsize <= physicalSize;
    return fits ? { physical, physicalSize, dtype } : undefined;
  }
  if (!isPlain) return undefined;
  if (physical === 'FLOAT') return { physical, physicalSize, dtype: dtypes.float32 };
  if (physical === 'DOUBLE') return { physical, physicalSize, dtype: dtypes.float64 };
  if (physical === 'BOOLEAN') return { physical, physicalSize, dtype: dtypes.bool };
  return undefined;
}

function typeText({ type, converted_type, logical_type }: SchemaElement): string {
  const kind = logical_type?.type ?? converted_type;
  return kind ? `${type} (${kind})` : String(type);
}

/** Returns the columns with values. The names leave out what stands for lists: `a` for `a.list.element`. */
function leavesOf(root: SchemaTree): Leaf[] {
  const leaves: Leaf[] = [];
  let index = 0;
  const visit = (
    { element, children }: SchemaTree,
    names: readonly string[],
    depth: number,
    present: number,
    parent: 'plain' | 'list' | 'repeated',
  ): void => {
    const isRepeated = element.repetition_type === 'REPEATED';
    const isNamed =
      parent === 'plain' || (parent === 'repeated' && children.length > 0 && !isList(element));
    const name = isNamed ? [...names, element.name] : names;
    const inside = depth + Number(isRepeated);
    const level = present + Number(element.repetition_type !== 'REQUIRED');
    if (children.length === 0) {
      leaves.push({ name: name.join('.'), index: index++, element, depth: inside, present: level });
      return;
    }
    const kind = isList(element) ? 'list' : parent === 'list' ? 'repeated' : 'plain';
    for (const child of children) visit(child, name, inside, level, kind);
  };
  for (const child of root.children) visit(child, [], 0, 0, 'plain');
  return leaves;
}

const isList = ({ converted_type, logical_type }: SchemaElement): boolean =>
  converted_type === 'LIST' || logical_type?.type === 'LIST';
