/**
 * The format of numpy's `.npy` files, versions 1 to 3. Object arrays are pickles, which can run code, so they are refused.
 * See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { contiguousStrides, viewOf } from './mapping';
import { dataView, elementsOf } from './reader';

/** The descriptors of little-endian types that torch has. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['|b1', dtypes.bool],
  ['|u1', dtypes.uint8],
  ['|i1', dtypes.int8],
  ['<u2', dtypes.uint16],
  ['<i2', dtypes.int16],
  ['<u4', dtypes.uint32],
  ['<i4', dtypes.int32],
  ['<u8', dtypes.uint64],
  ['<i8', dtypes.int64],
  ['<f2', dtypes.float16],
  ['<f4', dtypes.float32],
  ['<f8', dtypes.float64],
  ['<c8', dtypes.complex64],
  ['<c16', dtypes.complex128],
]);
/** The descriptors by dtype. */
export const DESCRIPTORS: ReadonlyMap<DType, string> = new Map(
  [...DTYPES].map(([descr, dtype]) => [dtype, descr]),
);

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const LONGEST_HEADER = 65_536;
/** The number of bytes in which a header must end. */
export const LONGEST_HEAD = 12 + LONGEST_HEADER;
/** The data of an array begin at a multiple of this. */
const ALIGNMENT = 64;
/** Numpy leaves room in a header for a first dimension of so many digits. */
const ROOM_FOR_GROWTH = 21;
/** Matches the descriptor of strings with 4 bytes per character. */
const TEXT = /^<U(\d+)$/;
const HEADER =
  /^\{'descr': ('[^'\\]*'|\[.*\]), 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\), ?\}\s*$/s;

type Wrong = (problem: string) => Error;

export interface NpyHeader {
  dtype: DType;
  shape: number[];
  strides: number[];
  /** The offset of the data. */
  start: number;
  /** The number of bytes of the data. */
  size: number;
}

/**
 * Returns the header of an array of numbers.
 *
 * @param head - the beginning of the file, {@link LONGEST_HEAD} bytes of it if it is longer
 * @param length - the length of the file
 */
export function headerOf(head: Uint8Array, length: number, wrong: Wrong): NpyHeader {
  const { descr, fortran, shape, start } = fieldsOf(head, wrong);
  const dtype = DTYPES.get(descr);
  if (!dtype) throw wrong(refusal(descr));
  const size = sizeOf(descr, shape, dtype.itemsize, length - start, wrong);
  const strides = fortran
    ? contiguousStrides([...shape].reverse()).reverse()
    : contiguousStrides(shape);
  return { dtype, shape, strides, start, size };
}

/** Returns the array of a header, in the bytes of the whole file. */
export function tensorOf(
  { dtype, shape, strides, start, size }: NpyHeader,
  bytes: Tensor,
  wrong: Wrong,
): Tensor {
  return viewOf(bytes.narrow(0, start, size), dtype, { shape, strides }, wrong);
}

function sizeOf(
  descr: string,
  shape: readonly number[],
  itemsize: number,
  room: number,
  wrong: Wrong,
): number {
  const elements = elementsOf(shape);
  if (elements === undefined) throw wrong(`has the shape (${shape.join(', ')}), which is none`);
  const size = elements * itemsize;
  if (room === size) return size;
  throw wrong(`of shape (${shape.join(', ')}) and ${descr} takes ${size} bytes, and has ${room}`);
}

function refusal(descr: string): string {
  if (descr.startsWith('[')) return `is of structures ${descr}, which torch has not`;
  if (/O/.test(descr)) return 'is of Python objects: a pickle, which could run code';
  return descr.startsWith('>')
    ? `is big-endian (${descr})`
    : `is of type ${descr}, which torch has not`;
}

interface Fields {
  descr: string;
  fortran: boolean;
  shape: number[];
  start: number;
}

function fieldsOf(file: Uint8Array, wrong: Wrong): Fields {
  const view = dataView(file);
  if (file.length < 12 || !MAGIC.equals(file.subarray(0, MAGIC.length))) {
    throw wrong('is no .npy file');
  }
  const version = file[6]!;
  if (version < 1 || version > 3) throw wrong(`is of version ${version} of the format`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER || start + length > file.length) {
    throw wrong(`is truncated or damaged: its header would be ${length} bytes long`);
  }
  const text = Buffer.from(file.subarray(start, start + length)).toString(
    version === 3 ? 'utf8' : 'latin1',
  );
  const [, descr, order, sizes] = HEADER.exec(text) ?? [];
  if (descr === undefined || sizes === undefined) {
    throw wrong(`has a header that is not numpy's: ${JSON.stringify(text.slice(0, 80).trim())}`);
  }
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  const plain = descr.startsWith("'") ? descr.slice(1, -1) : descr;
  return { descr: plain, fortran: order === 'True', shape, start: start + length };
}

/** Returns the one text in a file of texts, or undefined if the file has something else. */
export function textOf(file: Uint8Array, wrong: Wrong): string | undefined {
  const { descr, shape, start } = fieldsOf(file.subarray(0, LONGEST_HEAD), wrong);
  const characters = TEXT.exec(descr)?.[1];
  if (characters === undefined) return undefined;
  sizeOf(descr, shape, 4 * Number(characters), file.length - start, wrong);
  if (elementsOf(shape) !== 1) throw wrong(`is ${elementsOf(shape)} texts, where one is allowed`);
  const codes = [...new Uint32Array(new Uint8Array(file.subarray(start)).buffer)];
  const end = codes.indexOf(0) < 0 ? codes.length : codes.indexOf(0);
  try {
    return String.fromCodePoint(...codes.slice(0, end));
  } catch {
    throw wrong('is no text');
  }
}

/** Returns the beginning of a file, up to the data: the same bytes that numpy writes. */
export function headOf(descr: string, fortran: boolean, shape: readonly number[]): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const order = fortran ? 'True' : 'False';
  let text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
  const growing = shape[fortran ? shape.length - 1 : 0];
  if (growing !== undefined) text += ' '.repeat(ROOM_FOR_GROWTH - String(growing).length);
  const unpadded = 10 + text.length + 1;
  text += `${' '.repeat(ALIGNMENT - (unpadded % ALIGNMENT))}\n`;
  const head = Buffer.alloc(10);
  MAGIC.copy(head);
  head.writeUInt8(1, 6);
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1')]);
}
