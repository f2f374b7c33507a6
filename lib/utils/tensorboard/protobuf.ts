/** Writes fields of protocol buffers. See https://protobuf.dev/programming-guides/encoding */

/** A field, or several in a row. */
export type Fields = Buffer;

const VARINT = 0;
const BITS_64 = 1;
const BYTES = 2;
const BITS_32 = 5;

/** Returns an integer in groups of 7 bits. Negative ones have 64 bits. */
function groups(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

const tagged = (field: number, type: number, ...content: Uint8Array[]): Fields =>
  Buffer.concat([groups((field << 3) | type), ...content]);

/** A field of an integer or an enum. */
export const integer = (field: number, value: number | bigint): Fields =>
  tagged(field, VARINT, groups(value));

export function double(field: number, value: number): Fields {
  const content = Buffer.alloc(8);
  content.writeDoubleLE(value);
  return tagged(field, BITS_64, content);
}

export function float(field: number, value: number): Fields {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return tagged(field, BITS_32, content);
}

/** A field of several doubles. */
export function doubles(field: number, values: readonly number[]): Fields {
  const { buffer } = Float64Array.from(values);
  return bytes(field, Buffer.from(buffer));
}

export const bytes = (field: number, content: Uint8Array): Fields =>
  tagged(field, BYTES, groups(content.length), content);

export const text = (field: number, value: string): Fields => bytes(field, Buffer.from(value));

/** A field of a message. */
export const message = (field: number, ...fields: Fields[]): Fields =>
  bytes(field, Buffer.concat(fields));
