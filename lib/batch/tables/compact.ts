/**
 * Checks structures of Thrift's compact protocol before they are parsed, so that a damaged one can neither claim a list
 * that does not fit into memory nor be read beyond its end.
 * See https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
];
const DEEPEST = 32;
/** Sizes have 31 bits, in groups of 7. */
export const LONGEST_SIZE = 5;
const LONGEST_NUMBER = 10;

/** Thrown if a structure does not end within the bytes. */
export class Unfinished extends Error {}

/**
 * Returns where the structure that begins at `at` ends.
 *
 * @throws Unfinished if it does not end within the bytes; Error if it is none
 */
export function structEnd(bytes: Uint8Array, at: number, depth = 0): number {
  if (depth > DEEPEST) throw new Error('is nested too deeply');
  let next = at;
  for (;;) {
    const field = byteAt(bytes, next++);
    const type = field & 15;
    if (type === STOP) return next;
    if (field >> 4 === 0) next = varint(bytes, next, LONGEST_SIZE).next;
    next = valueEnd(bytes, next, type, depth);
  }
}

function valueEnd(bytes: Uint8Array, at: number, type: number, depth: number): number {
  switch (type) {
    case TRUE:
    case FALSE:
      return at;
    case BYTE:
      return within(bytes, at + 1);
    case I16:
    case I32:
      return varint(bytes, at, LONGEST_SIZE).next;
    case I64:
      return varint(bytes, at, LONGEST_NUMBER).next;
    case DOUBLE:
      return within(bytes, at + 8);
    case BINARY: {
      const { value, next } = varint(bytes, at, LONGEST_SIZE);
      return within(bytes, next + value);
    }
    case LIST:
    case SET:
      return listEnd(bytes, at, depth);
    case STRUCT:
      return structEnd(bytes, at, depth + 1);
    default:
      throw new Error(`has a field of type ${type}`);
  }
}

function listEnd(bytes: Uint8Array, at: number, depth: number): number {
  const head = byteAt(bytes, at);
  const type = head & 15;
  const short = head >> 4;
  const { value: count, next: start } =
    short === 15 ? varint(bytes, at + 1, LONGEST_SIZE) : { value: short, next: at + 1 };
  // An element has a byte or more.
  within(bytes, start + count);
  if (type === TRUE || type === FALSE) return start + count;
  let next = start;
  for (let i = 0; i < count; i++) next = valueEnd(bytes, next, type, depth + 1);
  return next;
}

/** Reads an integer in groups of 7 bits, and says where it ends. */
export function varint(
  bytes: Uint8Array,
  at: number,
  longest: number,
): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let i = 0; i < longest; i++) {
    const byte = byteAt(bytes, at + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new Error('has a number that is too long');
}

function byteAt(bytes: Uint8Array, at: number): number {
  within(bytes, at + 1);
  return bytes[at]!;
}

function within(bytes: Uint8Array, end: number): number {
  if (end <= bytes.length) return end;
  throw new Unfinished('is truncated or damaged');
}
