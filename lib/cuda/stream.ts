/** CUDA streams, sequences of work on a device, and events, marks in them. Source: torch/cuda/streams.py. */
import { inspect } from 'node:util';

import { bind, type Callee, describe, fail } from '../arguments';
import { Device } from '../device';
import { runtimeError, typeError } from '../errors';
import { type NativeEvent, native } from '../native';
import { scoped } from '../scope';
import { type CudaDevice, currentDevice, indexOf, isBuilt, start } from './state';

const STREAM: Callee = { name: 'Stream', parameters: [{ name: 'device' }, { name: 'priority' }] };

/** Which stream is meant: what crosses to the native side. */
interface Place {
  readonly id: number | bigint;
  readonly index: number;
}

/**
 * A sequence of work on a CUDA device, beside others.
 *
 * What one stream computes and another reads needs `wait_stream` or an {@link Event} between them, and
 * `tensor.record_stream` where it may be freed meanwhile. See
 * https://docs.pytorch.org/docs/stable/generated/torch.cuda.Stream.html
 */
export class Stream {
  readonly stream_id: number | bigint;
  readonly device_index: number;

  /**
   * @param device - default: the current one
   * @param options.priority - the lower, the sooner it runs. Default: 0
   * @throws TorchError (RuntimeError) for a libtorch without CUDA
   */
  constructor(device?: CudaDevice | null, options?: { priority?: number });
  constructor(options?: { device?: CudaDevice | null; priority?: number });
  constructor(...args: unknown[]) {
    const place = args[0] instanceof Existing ? args[0] : newStream(args);
    this.stream_id = place.id;
    this.device_index = place.index;
    Object.freeze(this);
  }

  get device(): Device {
    return new Device(`cuda:${this.device_index}`);
  }

  /** The CUDA runtime's own handle, an address. */
  get cuda_stream(): number | bigint {
    return native.cuda_stream_handle(this.stream_id, this.device_index);
  }

  /** Whether all its work is done. */
  query(): boolean {
    return native.cuda_query_stream(this.stream_id, this.device_index);
  }

  /** Waits until all its work is done. */
  synchronize(): void {
    native.cuda_synchronize_stream(this.stream_id, this.device_index);
  }

  /** Marks where the stream is now, in an event or a new one. */
  record_event(event: Event = new Event()): Event {
    event.record(this);
    return event;
  }

  /** Has what comes next in this stream wait for an event. */
  wait_event(event: Event): void {
    if (!(event instanceof Event))
      throw typeError(`wait_event(): takes an Event, got ${describe(event)}`);
    event.wait(this);
  }

  /** Has what comes next in this stream wait for all that another was given so far. */
  wait_stream(stream: Stream): void {
    this.wait_event(streamOf('wait_stream', stream).record_event());
  }

  equals(other: Stream): boolean {
    return other.stream_id === this.stream_id && other.device_index === this.device_index;
  }

  toString(): string {
    return `<torch.cuda.Stream device=${this.device} cuda_stream=0x${this.cuda_stream.toString(16)}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A stream that there is already. */
class Existing implements Place {
  constructor(
    readonly id: number | bigint,
    readonly index: number,
  ) {}
}

const existing = (id: number | bigint, index: number): Stream =>
  new Stream(new Existing(id, index) as never);

function newStream(args: readonly unknown[]): Place {
  const [device, priority = 0] = bind(STREAM, args);
  if (!Number.isSafeInteger(priority)) {
    throw fail(STREAM, `argument 'priority' must be an integer, got ${describe(priority)}`);
  }
  if (!isBuilt()) throw runtimeError('torch.cuda.Stream requires CUDA support');
  start();
  const given = indexOf(device as CudaDevice | null | undefined);
  const index = given < 0 ? currentDevice() : given;
  return { id: native.cuda_new_stream(index, priority as number), index };
}

function streamOf(name: string, stream: unknown): Stream {
  if (stream instanceof Stream) return stream;
  throw typeError(`${name}(): takes a torch.cuda.Stream, got ${describe(stream)}`);
}

const EVENT: Callee = { name: 'Event', parameters: [{ name: 'enable_timing' }] };

/**
 * A mark in a stream, to wait for or to time by.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html
 */
export class Event {
  readonly #native: NativeEvent;

  /**
   * @param options.enable_timing - whether {@link elapsed_time} can be asked for. Default: false
   * @throws TorchError (RuntimeError) for a libtorch without CUDA
   */
  constructor(options?: { enable_timing?: boolean });
  constructor(...args: unknown[]) {
    const [enable_timing = false] = bind(EVENT, args);
    if (typeof enable_timing !== 'boolean') {
      throw fail(
        EVENT,
        `argument 'enable_timing' must be a boolean, got ${describe(enable_timing)}`,
      );
    }
    if (!isBuilt()) throw runtimeError('Tried to instantiate dummy base class Event');
    start();
    this.#native = native.cuda_new_event(enable_timing);
  }

  /** Marks where a stream is now. Default: the current one. */
  record(stream: Stream = current_stream()): void {
    const { stream_id, device_index } = streamOf('record', stream);
    native.cuda_record_event(this.#native, stream_id, device_index);
  }

  /** Has what comes next in a stream wait for this. Default: the current one. */
  wait(stream: Stream = current_stream()): void {
    const { stream_id, device_index } = streamOf('wait', stream);
    native.cuda_wait_event(this.#native, stream_id, device_index);
  }

  /** Whether all work before the mark is done. */
  query(): boolean {
    return native.cuda_query_event(this.#native);
  }

  /** Waits until all work before the mark is done. */
  synchronize(): void {
    native.cuda_synchronize_event(this.#native);
  }

  /** Milliseconds from this mark to a later one. */
  elapsed_time(end_event: Event): number {
    if (!(end_event instanceof Event)) {
      throw typeError(`elapsed_time(): takes an Event, got ${describe(end_event)}`);
    }
    return native.cuda_elapsed_time(this.#native, end_event.#native);
  }
}

/** The stream into which work for a device goes in this thread. Default: the current device's. */
export function current_stream(device?: CudaDevice | null): Stream {
  start();
  const index = indexOf(device);
  return existing(native.cuda_current_stream(index), index);
}

/** The stream that a device begins with. Default: the current device's. */
export function default_stream(device?: CudaDevice | null): Stream {
  start();
  const index = indexOf(device);
  return existing(native.cuda_default_stream(index), index);
}

/** Makes a stream its device's current one in this thread; `stream` does so for a function's time. */
export function set_stream(stream: Stream | null): void {
  if (stream === null) return;
  const { stream_id, device_index } = streamOf('set_stream', stream);
  native.cuda_set_stream(stream_id, device_index);
}

/**
 * Runs a function whose work goes into a stream; returns what it returns. With null nothing changes.
 *
 * Calls off the event loop that the function makes go into the stream too.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.stream.html
 *
 * @throws TypeError for a function that returns a promise
 */
export function stream<T>(stream: Stream | null, run: () => T): T {
  return scoped('stream', run, () => {
    if (stream === null) return () => {};
    const { device } = streamOf('stream', stream);
    const before = current_stream();
    const there = current_stream(device);
    set_stream(stream);
    return () => {
      set_stream(there);
      set_stream(before);
    };
  });
}
