/**
 * Streams and events of any device. A stream is a sequence of work, an event a point in it. Source:
 * torch/csrc/Stream.cpp, torch/csrc/Event.cpp.
 */
import { inspect } from 'node:util';
import { notImplementedError, typeError } from '../bindings/errors';
import { type NativeEvent, native } from '../bindings/native';
import { startIfBuilt } from '../cuda/state';
import { describe } from '../dispatch/arguments';
import { BOOL, DEVICE, INT, nullable, option, Signature } from '../dispatch/signature';
import { Device, type DeviceLike, device as deviceOf, hasAccelerator } from '../tensor/device';

/** Returns a device. Default: the accelerator that libtorch was built for, else the CPU. */
const deviceOrDefault = (device: DeviceLike | null): Device =>
  device === null ? new Device(hasAccelerator() ? 'cuda' : 'cpu') : deviceOf(device);

const STREAM = new Signature('Stream', {
  device: nullable(DEVICE),
  priority: option(INT, 0),
});

/** An existing stream: its device type, and its id and device index from the native side. */
export class ExistingStream {
  readonly type: string;
  readonly id: number | bigint;
  readonly index: number;

  constructor(type: string, [id, index]: readonly [id: number | bigint, index: number]) {
    this.type = type;
    this.id = id;
    this.index = index;
  }
}

export interface StreamOptions {
  /** The priority. Work with a lower number runs first. Default: 0. */
  priority?: number | undefined;
}

/**
 * A sequence of work on a device. Work on different streams can run at the same time. The CPU has one stream.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.Stream.html
 */
export class Stream {
  readonly stream_id: number | bigint;
  /** The device's index, or -1 for the CPU. */
  readonly device_index: number;
  readonly device: Device;

  /**
   * @param device - default: the accelerator's current device, or the CPU
   * @throws TorchError (RuntimeError) if libtorch was not built for the device
   */
  constructor(device?: DeviceLike | null, options?: StreamOptions);
  constructor(options?: StreamOptions & { device?: DeviceLike | null | undefined });
  constructor(...args: unknown[]) {
    const { type, id, index } = args[0] instanceof ExistingStream ? args[0] : newStream(args);
    this.stream_id = id;
    this.device_index = index;
    this.device = new Device(index < 0 ? type : `${type}:${index}`);
    Object.freeze(this);
  }

  /** The number of the device type in libtorch. */
  get device_type(): number {
    return native.device_type(this.device.name);
  }

  /**
   * The address of the device's stream object.
   *
   * @throws TorchError (RuntimeError) for a device without such objects
   */
  get native_handle(): number | bigint {
    return native.stream_handle(this.device.name, this.stream_id);
  }

  /** Returns whether all work on the stream is done. */
  query(): boolean {
    return native.query_stream(this.device.name, this.stream_id);
  }

  /** Waits until all work on the stream is done. */
  synchronize(): void {
    native.synchronize_stream(this.device.name, this.stream_id);
  }

  /** Returns whether work on this stream is being captured into a graph. */
  is_capturing(): boolean {
    return native.is_capturing(this.device.name, this.stream_id);
  }

  /** Records the current point of the stream in an event, which defaults to a new one. Returns the event. */
  record_event(event: Event | null = null): Event {
    const marked = event === null ? this.newEvent() : eventOf('record_event', event);
    marked.record(this);
    return marked;
  }

  /** @internal */
  protected newEvent(): Event {
    return new Event(this.device);
  }

  /** Makes later work on this stream wait for an event. */
  wait_event(event: Event): void {
    eventOf('wait_event', event).wait(this);
  }

  /** Makes later work on this stream wait for all work that is now on another stream. */
  wait_stream(stream: Stream): void {
    this.wait_event(streamOf('wait_stream', stream).record_event());
  }

  equals(other: Stream): boolean {
    const stream = streamOf('equals', other);
    return stream.stream_id === this.stream_id && stream.device.equals(this.device);
  }

  toString(): string {
    const { type } = this.device;
    return `torch.Stream device_type=${type}, device_index=${this.device_index}, stream_id=${this.stream_id}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function newStream(args: readonly unknown[]): ExistingStream {
  const { device, priority } = STREAM.read(args);
  const { type, name } = deviceOrDefault(device);
  startIfBuilt(type);
  return new ExistingStream(type, native.new_stream(name, priority));
}

/**
 * Returns the argument as a stream.
 *
 * @throws TypeError if it is not a stream
 */
export function streamOf(name: string, stream: unknown): Stream {
  if (stream instanceof Stream) return stream;
  throw typeError(`${name}(): takes a torch.Stream, got ${describe(stream)}`);
}

function eventOf(name: string, event: unknown): Event {
  if (event instanceof Event) return event;
  throw typeError(`${name}(): takes a torch.Event, got ${describe(event)}`);
}

/** Returns the current stream of a device in this thread. */
export const currentStream = (type: string, name = type): Stream =>
  new Stream(new ExistingStream(type, native.current_stream(name)) as never);

const EVENT = new Signature('Event', {
  device: nullable(DEVICE),
  enable_timing: option(BOOL, false),
  blocking: option(BOOL, false),
  interprocess: option(BOOL, false),
});

export interface EventOptions {
  /** Whether the event can be used with {@link Event.elapsed_time}. Default: false. */
  enable_timing?: boolean | undefined;
  /** Accepted and ignored, as in Python. */
  blocking?: boolean | undefined;
  /** Accepted and ignored, as in Python. */
  interprocess?: boolean | undefined;
}

/**
 * A point in a stream, to wait for or to measure time from. The CPU has no events.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.Event.html
 */
export class Event {
  readonly #native: NativeEvent;
  readonly #isTimed: boolean;

  /**
   * @param device - default: the accelerator, or the CPU
   * @throws TorchError (RuntimeError) if libtorch was not built for the device
   */
  constructor(device?: DeviceLike | null, options?: EventOptions);
  constructor(options?: EventOptions & { device?: DeviceLike | null | undefined });
  constructor(...args: unknown[]) {
    const { device, enable_timing } = EVENT.read(args);
    const { type, name } = deviceOrDefault(device);
    startIfBuilt(type);
    this.#native = native.new_event(name, enable_timing);
    this.#isTimed = enable_timing;
  }

  static from_ipc_handle(_device: DeviceLike, _handle: Uint8Array): Event {
    throw notImplementedError(NO_IPC);
  }

  /** The device on which the event was recorded. Before that, the device type, or null for `torch.cuda.Event`. */
  get device(): Device | null {
    return this.#place;
  }

  get #place(): Device {
    return new Device(native.event_device(this.#native));
  }

  /** The address of the device's event object. 0 until it is recorded. */
  get event_id(): number | bigint {
    return native.event_id(this.#native);
  }

  /** Records the current point of a stream. Default: the current stream. */
  record(stream: Stream | null = null): void {
    const { device, stream_id } = this.#streamOrCurrent('record', stream);
    native.record_event(this.#native, device.name, stream_id);
  }

  /** Makes later work on a stream wait for this event. Default: the current stream. */
  wait(stream: Stream | null = null): void {
    const { device, stream_id } = this.#streamOrCurrent('wait', stream);
    native.wait_event(this.#native, device.name, stream_id);
  }

  #streamOrCurrent(name: string, stream: Stream | null): Stream {
    return stream === null ? currentStream(this.#place.type) : streamOf(name, stream);
  }

  /** Returns whether all work before the event is done. */
  query(): boolean {
    return native.query_event(this.#native);
  }

  /** Waits until all work before the event is done. */
  synchronize(): void {
    native.synchronize_event(this.#native);
  }

  /** Returns the milliseconds from this event to a later one. */
  elapsed_time(end_event: Event): number {
    return native.elapsed_time(this.#native, eventOf('elapsed_time', end_event).#native);
  }

  ipc_handle(): Uint8Array {
    throw notImplementedError(NO_IPC);
  }

  toString(): string {
    const { type, index } = this.#place;
    const flag = this.#isTimed ? 1 : 0;
    return (
      `torch.Event device_type=${type}, device_index=${index ?? -1}, event_flag=${flag}, ` +
      `event_id=${this.event_id}`
    );
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const NO_IPC = 'torch.Event ipc is not supported yet, please open an issue if you need this!';
