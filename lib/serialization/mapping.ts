/**
 * Makes tensors of the bytes of a file: from a copy, or from the file itself, which is then mapped into memory.
 *
 * A mapped tensor takes memory only for the pages that are read. What is written to it stays in memory: the file does
 * not change. The file must keep its length while a tensor of it is alive, because the system ends a process that reads
 * beyond the end of a mapped file.
 */
import { crc32 } from 'node:zlib';

import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { empty, op, withoutGrad } from '../nn/ops';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { damaged, type Reader } from './reader';

const fromFile =
  op<(filename: string, shared: boolean, size: number, options: { dtype: DType }) => Tensor>(
    'from_file',
  );

/** The number of bytes that are copied at once. */
const CHUNK = 2 ** 26;

/**
 * Returns the whole file as bytes, mapped.
 *
 * @throws RangeError (ValueError) if the system cannot map it
 */
export function mapFile(path: string, size: number): Tensor {
  if (size === 0) return empty([0], { dtype: dtypes.uint8, device: 'cpu' });
  try {
    return fromFile(path, false, size, { dtype: dtypes.uint8 });
  } catch (error) {
    throw damaged(path, `cannot be mapped into memory: ${(error as Error).message}`);
  }
}

/**
 * Returns a copy of a part of a file as bytes.
 *
 * @param checksum - the CRC-32 that the part must have, or 0
 * @throws RangeError (ValueError) if the part ends beyond the file or has another checksum
 */
export function copyPart(
  reader: Reader,
  offset: number,
  length: number,
  what: string,
  checksum = 0,
): Tensor {
  reader.check(offset, length, what);
  const chunk = new Uint8Array(Math.min(CHUNK, length));
  let sum = 0;
  const read = (from: number, size: number): Tensor => {
    const part = chunk.subarray(0, size);
    reader.fill(part, offset + from, what);
    if (checksum) sum = crc32(part, sum);
    return wrap(native.tensor_from_bytes(part, dtypes.uint8.code, [size]));
  };
  const bytes = length <= CHUNK ? read(0, length) : copied(length, read);
  if (sum !== checksum) {
    throw damaged(reader.path, `${what} is damaged: its checksum is another`);
  }
  return bytes;
}

/** Returns bytes that are read in parts, since they may be more than JavaScript's largest buffer. */
function copied(length: number, read: (from: number, size: number) => Tensor): Tensor {
  const bytes = empty([length], { dtype: dtypes.uint8, device: 'cpu' });
  withoutGrad(() => {
    for (let done = 0; done < length; done += CHUNK) {
      const size = Math.min(CHUNK, length - done);
      const part = read(done, size);
      bytes.narrow(0, done, size).copy_(part);
      part.dispose();
    }
  });
  return bytes;
}

/** Where a tensor's elements are, in elements of its dtype. */
export interface Geometry {
  readonly shape: readonly number[];
  /** Default: those of a contiguous tensor. */
  readonly strides?: readonly number[];
  readonly offset?: number;
}

/**
 * Returns a tensor on bytes, without a copy if they are aligned. It is a tensor of its own, no view, though it shares
 * its memory with others on the same bytes.
 *
 * @param wrong - makes the error for a tensor that reaches beyond the bytes, or for a bool that is neither 0 nor 1
 */
export function viewOf(
  bytes: Tensor,
  dtype: DType,
  { shape, strides = contiguousStrides(shape), offset = 0 }: Geometry,
  wrong: (problem: string) => Error,
): Tensor {
  const { itemsize } = dtype;
  const room = Math.floor(bytes.numel() / itemsize);
  const isEmpty = shape.includes(0);
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
  if (!isEmpty && !(last < room)) {
    throw wrong(`reaches to element ${last} of ${room}`);
  }
  return withoutGrad(() => {
    const whole = bytes.narrow(0, 0, room * itemsize);
    if (dtype === dtypes.bool && room > 0) {
      const highest = Number(whole.max().item());
      if (highest > 1) throw wrong(`is of bools, and has a byte ${highest}`);
    }
    const isAligned = (bytes.storage_offset() * bytes.dtype.itemsize) % itemsize === 0;
    const elements = (isAligned ? whole : whole.clone()).view(dtype);
    return elements.as_strided(shape, strides, elements.storage_offset() + offset).data;
  });
}

export function contiguousStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of [...shape].reverse()) {
    strides.unshift(stride);
    stride *= Math.max(size, 1);
  }
  return strides;
}
