/** The header of the safetensors format: names, dtypes, shapes and places of tensors, and texts. */
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import { damaged, dataView, elementsOf, type Reader, size64 } from './reader';

/** The names of dtypes in the format. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['BOOL', dtypes.bool],
  ['U8', dtypes.uint8],
  ['I8', dtypes.int8],
  ['F8_E5M2', dtypes.float8_e5m2],
  ['F8_E4M3', dtypes.float8_e4m3fn],
  ['F8_E8M0', dtypes.float8_e8m0fnu],
  ['I16', dtypes.int16],
  ['U16', dtypes.uint16],
  ['F16', dtypes.float16],
  ['BF16', dtypes.bfloat16],
  ['I32', dtypes.int32],
  ['U32', dtypes.uint32],
  ['F32', dtypes.float32],
  ['C64', dtypes.complex64],
  ['F64', dtypes.float64],
  ['I64', dtypes.int64],
  ['U64', dtypes.uint64],
]);
export const NAMES: ReadonlyMap<DType, string> = new Map(
  [...DTYPES].map(([name, dtype]) => [dtype, name]),
);

/** The key of the strings in a header. */
export const METADATA = '__metadata__';
const HEAD = 8;
/** The largest header that the format allows, in bytes. */
const LARGEST_HEADER = 100_000_000;
const ALIGNMENT = 8;

export interface Entry {
  name: string;
  dtype: DType;
  shape: number[];
  /** The offsets of its bytes from the end of the header. */
  from: number;
  to: number;
}

interface Header {
  entries: Entry[];
  metadata: Map<string, string>;
  /** The offset of the data in the file. */
  start: number;
}

/** @throws RangeError (ValueError) for a header that is damaged or does not fit the file */
export function headerOf(reader: Reader): Header {
  const { path, size } = reader;
  const length = size64(dataView(reader.read(0, HEAD, "the header's length")), 0);
  if (length > LARGEST_HEADER) {
    // Loaded here, since only an error needs it.
    const { adviceOn } = require('./contents') as typeof import('./contents');
    const advice = adviceOn(reader);
    throw damaged(
      path,
      advice ?? `is no safetensors file: its header would be ${length} bytes long`,
    );
  }
  const start = HEAD + length;
  const header = parsed(reader.read(HEAD, length, 'the header'), path);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) for (const pair of texts(value, path)) metadata.set(...pair);
    else entries.push(entryOf(name, value, path));
  }
  checkLayout(entries, size - start, path);
  return { entries, metadata, start };
}

function parsed(bytes: Uint8Array, path: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  throw damaged(path, 'is no safetensors file: its header is no JSON object');
}

function texts(value: unknown, path: string): [string, string][] {
  const pairs = Object.entries(value ?? {});
  if (typeof value === 'object' && pairs.every(([, text]) => typeof text === 'string')) {
    return pairs as [string, string][];
  }
  throw damaged(path, `has ${METADATA} that is no object of strings`);
}

function entryOf(name: string, value: unknown, path: string): Entry {
  const wrong = (problem: string): Error =>
    damaged(path, `tensor ${JSON.stringify(name)} ${problem}`);
  const { dtype: dtypeName, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  const dtype = DTYPES.get(dtypeName as string);
  if (!dtype) throw wrong(`has the dtype ${JSON.stringify(dtypeName)}, which is not known`);
  const elements = elementsOf(shape);
  if (elements === undefined) throw wrong(`has the shape ${JSON.stringify(shape)}, which is none`);
  const [from, to] = Array.isArray(data_offsets) && data_offsets.length === 2 ? data_offsets : [];
  const areOffsets = [from, to].every((at) => Number.isSafeInteger(at) && at >= 0) && from <= to;
  if (!areOffsets) throw wrong(`has data_offsets ${JSON.stringify(data_offsets)}, which are none`);
  const bytes = elements * dtype.itemsize;
  if (to - from !== bytes) {
    throw wrong(`of shape [${shape}] and ${dtype} takes ${bytes} bytes, and has ${to - from}`);
  }
  return { name, dtype, shape: shape as number[], from, to };
}

// Every byte of the data must belong to exactly one tensor, so that nothing overlaps and nothing is hidden.
function checkLayout(entries: readonly Entry[], size: number, path: string): void {
  let end = 0;
  for (const { name, from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      const problem = from < end ? 'overlaps another' : `leaves a gap of ${from - end} bytes`;
      throw damaged(path, `tensor ${JSON.stringify(name)} ${problem}`);
    }
    end = to;
  }
  if (end !== size) {
    throw damaged(
      path,
      `is truncated or damaged: its tensors take ${end} bytes, and there are ${size}`,
    );
  }
}

/** The beginning of a file: the length of its header, and the header. */
export function headBytes(header: object): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const head = Buffer.alloc(HEAD + length, ' ');
  head.writeBigUInt64LE(BigInt(length), 0);
  text.copy(head, HEAD);
  return head;
}
