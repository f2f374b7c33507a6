/** Reads files in blocks, and decompresses them on the way. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

export type Compression = 'none' | 'gzip' | 'zstd';

/** The size of a block, in bytes. */
const BLOCK = 2 ** 20;

/** Yields the content of a file from an offset. A compressed file is read from its beginning. */
export async function* blocksOf(
  path: string,
  compression: Compression,
  offset: number,
): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { start: offset, highWaterMark: BLOCK });
  if (compression === 'none') {
    yield* file;
    return;
  }
  if (compression === 'zstd') {
    yield* unzstd(file);
    return;
  }
  // The error of the file shows in the stream that is read.
  yield* pipeline(file, createGunzip({ chunkSize: BLOCK }), () => {});
}

/** Node's own decompressor, which older versions lack, ends in silence after the first frame. */
async function* unzstd(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd');
  const parts: Buffer[] = [];
  const decompressor = new Decompress((part) =>
    parts.push(Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
  );
  for await (const block of file) {
    decompressor.push(block);
    yield* parts.splice(0);
  }
  decompressor.push(new Uint8Array(0), true);
  yield* parts;
}
