/**
 * Checks requests for JavaScript memory. A request that V8 cannot meet would end the process, so it is refused first.
 */
import v8 from 'node:v8';

import { createError } from '../bindings/errors';

const outOfMemory = (bytes: number, what: string): Error =>
  createError(
    'OutOfMemoryError',
    `not enough memory: you tried to allocate ${bytes} bytes ${what}`,
  );

/**
 * Returns a new buffer.
 *
 * @throws TorchError (OutOfMemoryError) if there is not enough memory
 */
export function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw outOfMemory(bytes, 'for an ArrayBuffer');
  }
}

/** Upper bounds for the bytes of a list and of each element in it. */
const BYTES_PER_LIST = 64;
const BYTES_PER_ELEMENT = 16;
/** The longest list in V8, and the number of bytes below which no check is needed. */
const MAX_LENGTH = 2 ** 26;
const UNCHECKED_BYTES = 2 ** 24;

/**
 * Checks that V8's heap can hold lists of this shape.
 *
 * @throws TorchError (OutOfMemoryError) if it cannot
 */
export function checkListsFit(shape: readonly number[]): void {
  let lists = 0;
  let elements = 1;
  for (const size of shape) {
    lists += elements;
    elements *= size;
    if (size > MAX_LENGTH)
      throw outOfMemory(elements * BYTES_PER_ELEMENT, 'for a list: use toTypedArray()');
  }
  const bytes = lists * BYTES_PER_LIST + elements * BYTES_PER_ELEMENT;
  if (bytes < UNCHECKED_BYTES) return;
  const { heap_size_limit, used_heap_size } = v8.getHeapStatistics();
  if (bytes > (heap_size_limit - used_heap_size) / 2) {
    throw outOfMemory(bytes, 'for lists: use toTypedArray()');
  }
}
