/**
 * Reads arrays that numpy saved: `.npz`, an archive of `.npy` files. Object arrays are pickles, which can run code, so
 * they are refused. See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { damaged, dataView, elementsOf, Reader } from './reader';
import { tensorOf } from './tensors';
import { zipEntries } from './zip';

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

const MAGIC = '\x93NUMPY';
const LONGEST_HEADER = 65_536;
const SUFFIX = '.npy';
/** Matches the descriptor of strings with 4 bytes per character. */
const TEXT = /^<U(\d+)$/;
const HEADER =
  /^\{'descr': '([^'\\]+)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\), ?\}\s*$/;

/** The contents of an archive: numbers and strings. */
export interface NpzFile {
  tensors: Map<string, Tensor>;
  texts: Map<string, string>;
}

/**
 * Reads an archive.
 *
 * @throws RangeError (ValueError) if the file is damaged, is not an `.npz`, or contains neither numbers nor strings
 */
export function readNpz(filename: string): NpzFile {
  return Reader.with(filename, (reader) => {
    const file: NpzFile = { tensors: new Map(), texts: new Map() };
    for (const [entry, { read }] of zipEntries(reader)) {
      const what = `array ${JSON.stringify(entry)}`;
      if (!entry.endsWith(SUFFIX)) throw damaged(filename, `${what} is no .npy file`);
      const name = entry.slice(0, -SUFFIX.length);
      const value = arrayOf(read(), { path: filename, what });
      if (typeof value === 'string') file.texts.set(name, value);
      else file.tensors.set(name, value);
    }
    return file;
  });
}

function arrayOf(file: Uint8Array, place: { path: string; what: string }): Tensor | string {
  const wrong = (problem: string): Error => damaged(place.path, `${place.what} ${problem}`);
  const { descr, fortran, shape, start } = headerOf(file, wrong);
  const elements = elementsOf(shape);
  if (elements === undefined) throw wrong(`has the shape (${shape.join(', ')}), which is none`);
  const characters = TEXT.exec(descr)?.[1];
  const dtype = DTYPES.get(descr);
  if (!dtype && characters === undefined) throw wrong(refusal(descr));
  const bytes = elements * (dtype?.itemsize ?? 4 * Number(characters));
  if (file.length - start !== bytes) {
    throw wrong(
      `of shape (${shape.join(', ')}) and ${descr} takes ${bytes} bytes, and has ${file.length - start}`,
    );
  }
  const data = new Uint8Array(file.subarray(start));
  if (!dtype) {
    if (elements !== 1) throw wrong(`is ${elements} texts, where one is allowed`);
    return textOf(data, wrong);
  }
  if (!fortran) return tensorOf(data, dtype, shape, place);
  // Fortran order is the memory order of the transposed array.
  return tensorOf(data, dtype, [...shape].reverse(), place)
    .permute(...shape.map((_, i) => shape.length - 1 - i))
    .contiguous();
}

function refusal(descr: string): string {
  if (/O/.test(descr)) return 'is of Python objects: a pickle, which could run code';
  return descr.startsWith('>')
    ? `is big-endian (${descr})`
    : `is of type ${descr}, which torch has not`;
}

interface NpyHeader {
  descr: string;
  fortran: boolean;
  shape: number[];
  start: number;
}

function headerOf(file: Uint8Array, wrong: (problem: string) => Error): NpyHeader {
  const view = dataView(file);
  const isNpy = file.length >= 12 && Buffer.from(file.subarray(0, 6)).toString('latin1') === MAGIC;
  if (!isNpy) throw wrong('is no .npy file');
  const version = file[6]!;
  if (version < 1 || version > 3) throw wrong(`is of version ${version} of the format`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER || start + length > file.length) {
    throw wrong(`is truncated or damaged: its header would be ${length} bytes long`);
  }
  const text = Buffer.from(file.subarray(start, start + length)).toString('latin1');
  const [, descr, order, sizes] = HEADER.exec(text) ?? [];
  if (descr === undefined || sizes === undefined) {
    throw wrong(`has a header that is not numpy's: ${JSON.stringify(text.slice(0, 80).trim())}`);
  }
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  return { descr, fortran: order === 'True', shape, start: start + length };
}

function textOf(data: Uint8Array, wrong: (problem: string) => Error): string {
  const codes = [...new Uint32Array(data.buffer, data.byteOffset, data.length / 4)];
  const end = codes.indexOf(0) < 0 ? codes.length : codes.indexOf(0);
  try {
    return String.fromCodePoint(...codes.slice(0, end));
  } catch {
    throw wrong('is no text');
  }
}
