/** Writes files, and the elements of tensors into them. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { withoutGrad } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';

/** The largest number of bytes in one write call. */
const LARGEST_WRITE = 2 ** 30;
/** The number of bytes that are copied out of a tensor at once. */
const CHUNK = 2 ** 20;

export class FileWriter {
  #size = 0;

  private constructor(private readonly descriptor: number) {}

  /** Opens a file for writing while `body` runs. */
  static with(path: string, body: (file: FileWriter) => void): void {
    const descriptor = openSync(path, 'w');
    try {
      body(new FileWriter(descriptor));
    } finally {
      closeSync(descriptor);
    }
  }

  /** The number of bytes that were written. */
  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const wanted = Math.min(bytes.length - done, LARGEST_WRITE);
      done += writeSync(this.descriptor, bytes, done, wanted, this.#size + done);
    }
    this.#size += bytes.length;
  }

  /** Overwrites bytes. */
  patch(offset: number, bytes: Uint8Array): void {
    writeSync(this.descriptor, bytes, 0, bytes.length, offset);
  }
}

/**
 * Yields the elements of a tensor in row-major order, as bytes, in parts. Each part is valid until the next one is
 * asked for.
 */
export function* bytesOf(tensor: Tensor): Generator<Uint8Array> {
  const { itemsize } = tensor.dtype;
  const flat = withoutGrad(() => tensor.detach().contiguous().view(-1));
  const count = flat.numel();
  const step = Math.floor(CHUNK / itemsize);
  const buffer = new Uint8Array(Math.min(step, count) * itemsize);
  for (let done = 0; done < count; done += step) {
    const part = flat.narrow(0, done, Math.min(step, count - done));
    const bytes = buffer.subarray(0, part.numel() * itemsize);
    native.copy_bytes(handleOf(part)!, bytes);
    part.dispose();
    yield bytes;
  }
}
