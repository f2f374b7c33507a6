/** JavaScript's own memory: a request that it cannot meet would end the process, so it is refused before. */
import v8 from 'node:v8';

import { createError } from '../bindings/errors';

const outOfMemory = (bytes: number, what: string): Error =>
  createError(
    'OutOfMemoryError',
    `not enough memory: you tried to allocate ${bytes} bytes ${what}`,
  );

/**
 * A new buffer of so many bytes.
 *
 * @throws TorchError (OutOfMemoryError) where there is none
 */
export function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw outOfMemory(bytes, 'for an ArrayBuffer');
  }
}

/** What a list of any length takes, and each of its elements, at most. */
const LIST = 64;
const ELEMENT = 16;
/** V8 takes no longer list, and so few bytes need no question. */
const LONGEST = 2 ** 26;
const SMALL = 2 ** 24;

/**
 * Refuses lists of this shape that V8's heap cannot hold.
 *
 * @throws TorchError (OutOfMemoryError)
 */
export function checkListsFit(shape: readonly number[]): void {
  let lists = 0;
  let elements = 1;
  for (const size of shape) {
    lists += elements;
    elements *= size;
    if (size > LONGEST) throw outOfMemory(elements * ELEMENT, 'for a list: use toTypedArray()');
  }
  const bytes = lists * LIST + elements * ELEMENT;
  if (bytes < SMALL) return;
  const { heap_size_limit, used_heap_size } = v8.getHeapStatistics();
  if (bytes > (heap_size_limit - used_heap_size) / 2) {
    throw outOfMemory(bytes, 'for lists: use toTypedArray()');
  }
}
