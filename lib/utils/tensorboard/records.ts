/** Writes a file of events. Source: tensorboard/summary/writer/{event_file_writer,record_writer}.py. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

import { double, type Fields, integer, text } from './protobuf';

/** The CRC-32C of each byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0x82f63b78 : 0);
  return rest;
});

/** Returns the CRC-32C of bytes in the masked form of TensorFlow's records. */
function maskedCrc(bytes: Uint8Array): Buffer {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return masked;
}

function record(event: Fields): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(event.length));
  return Buffer.concat([length, maskedCrc(length), event, maskedCrc(event)]);
}

/** The time in seconds. */
export const now = (): number => Date.now() / 1000;

/** The first event of a file. */
export const VERSION = text(3, 'brain.Event:2');

/** The number of files that this process has begun. It is a part of their names. */
let files = 0;

/** The open files, which are flushed when the process ends. */
const open = new Set<EventFile>();

const flushAll = (): void => {
  for (const file of open) file.flush();
};

/** How events are written. */
export interface Writing {
  /** The number of events that wait before they are written. */
  readonly max_queue: number;
  /** The seconds after which they are written in any case. */
  readonly flush_secs: number;
  readonly filename_suffix: string;
}

/** A file of events in a directory. */
export class EventFile {
  readonly directory: string;
  readonly #descriptor: number;
  readonly #maxQueue: number;
  readonly #timer: NodeJS.Timeout;
  #waiting: Buffer[] = [];

  constructor(directory: string, { max_queue, flush_secs, filename_suffix }: Writing) {
    this.directory = directory;
    this.#maxQueue = max_queue;
    mkdirSync(directory, { recursive: true });
    const seconds = String(Math.floor(now())).padStart(10, '0');
    const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}${filename_suffix}`;
    this.#descriptor = openSync(path.join(directory, name), 'a');
    this.#timer = setInterval(() => this.flush(), Math.min(flush_secs * 1000, LONGEST)).unref();
    if (open.size === 0) process.on('exit', flushAll);
    open.add(this);
    this.add(VERSION);
    this.flush();
  }

  /**
   * Adds an event.
   *
   * @param content - the fields of the event without its time and step
   */
  add(content: Fields, step: number | null = null, walltime: number | null = null): void {
    const fields = [double(1, walltime ?? now()), ...(step ? [integer(2, step)] : []), content];
    this.#waiting.push(record(Buffer.concat(fields)));
    if (this.#waiting.length > this.#maxQueue) this.flush();
  }

  flush(): void {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
  }

  close(): void {
    this.flush();
    clearInterval(this.#timer);
    closeSync(this.#descriptor);
    open.delete(this);
    if (open.size === 0) process.removeListener('exit', flushAll);
  }
}

/** The longest time of a timer. */
const LONGEST = 2 ** 31 - 1;
