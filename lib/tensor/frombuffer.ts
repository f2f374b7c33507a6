/** `torch.frombuffer`: tensors of the memory of JavaScript's buffers. */
import { types } from 'node:util';
import { valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { bind, type Callee, describe, fail } from '../dispatch/arguments';
import { asLeaf, keywords } from './creation';
import { DType } from './dtype';
import { bytesOf } from './elements';
import type { Tensor } from './tensor';

const FROMBUFFER: Callee = {
  name: 'frombuffer',
  parameters: [
    { name: 'buffer', required: true },
    { name: 'dtype', required: true, keywordOnly: true },
    ...keywords('count', 'offset', 'requires_grad', 'unsafe_share'),
  ],
};

export interface FromBufferOptions {
  /** The dtype of the elements. */
  dtype: DType;
  /** Number of elements. Default: -1, all that remain after the offset. */
  count?: number | undefined;
  /** Number of bytes to skip. Default: 0. */
  offset?: number | undefined;
  requires_grad?: boolean | undefined;
  /**
   * Shares the memory of an ArrayBuffer, too. The process reads freed memory, or crashes, after that buffer is resized,
   * transferred or posted to another thread. Default: false, which copies.
   */
  unsafe_share?: boolean | undefined;
}

/**
 * Returns a 1-d tensor of a buffer's elements.
 *
 * An ArrayBuffer is copied, where Python shares it: later writes to the buffer do not change the tensor. JavaScript may
 * move or free the memory of an ArrayBuffer at any time, so sharing it is not the default; `unsafe_share` shares it. A
 * SharedArrayBuffer is always shared. A view is treated as its buffer.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.frombuffer.html
 *
 * @throws RangeError (ValueError) if count, offset and length do not fit together, or if shared memory is not aligned to
 *   the dtype
 */
export function frombuffer(
  buffer: ArrayBufferLike | ArrayBufferView,
  options: FromBufferOptions,
): Tensor;
export function frombuffer(...args: unknown[]): Tensor {
  const [buffer, dtype, count = -1, offset = 0, requires_grad = false, unsafe = false] = bind(
    FROMBUFFER,
    args,
  );
  const view = viewOf(buffer);
  if (!(dtype instanceof DType)) {
    throw fail(FROMBUFFER, `argument 'dtype' must be a torch.dtype, got ${describe(dtype)}`);
  }
  const bytes = elementsOf(view, dtype, integer(count, 'count'), integer(offset, 'offset'));
  const isShared = types.isSharedArrayBuffer(bytes.buffer);
  const made =
    isShared || unsafe === true
      ? native.tensor_sharing_bytes(aligned(bytes, dtype), dtype.code)
      : native.tensor_from_bytes(bytes, dtype.code, [bytes.byteLength / dtype.itemsize]);
  return requires_grad === true ? asLeaf(wrap(made)) : wrap(made);
}

function viewOf(buffer: unknown): Uint8Array {
  if (ArrayBuffer.isView(buffer)) return bytesOf(buffer);
  if (types.isAnyArrayBuffer(buffer)) return new Uint8Array(buffer);
  throw fail(
    FROMBUFFER,
    `argument 'buffer' must be an ArrayBuffer, a SharedArrayBuffer or a view of one, got ${describe(buffer)}`,
  );
}

function integer(value: unknown, name: string): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw fail(FROMBUFFER, `argument '${name}' must be an integer, got ${describe(value)}`);
}

function elementsOf(view: Uint8Array, dtype: DType, count: number, offset: number): Uint8Array {
  const length = view.byteLength;
  const size = dtype.itemsize;
  if (length === 0 || count === 0) {
    throw valueError(`both buffer length (${length}) and count (${count}) must not be 0`);
  }
  if (offset < 0 || offset >= length) {
    throw valueError(
      `offset (${offset} bytes) must be non-negative and no greater than buffer length (${length} bytes) minus 1`,
    );
  }
  const rest = length - offset;
  if (count <= 0 && rest % size !== 0) {
    throw valueError(
      `buffer length (${rest} bytes) after offset (${offset} bytes) must be a multiple of element size (${size})`,
    );
  }
  const wanted = (count < 0 ? rest / size : count) * size;
  if (offset + wanted > length) {
    throw valueError(
      `requested buffer length (${wanted} bytes) after offset (${offset} bytes) must not be greater than actual ` +
        `buffer length (${length} bytes)`,
    );
  }
  return view.subarray(offset, offset + wanted);
}

function aligned(bytes: Uint8Array, dtype: DType): Uint8Array {
  if (bytes.byteOffset % dtype.itemsize === 0) return bytes;
  throw valueError(
    `frombuffer(): memory to be shared must be aligned to ${dtype.itemsize} bytes for ${dtype}, and begins at byte ` +
      `${bytes.byteOffset} of its buffer`,
  );
}
