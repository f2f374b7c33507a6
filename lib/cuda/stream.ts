/** Streams and events of CUDA devices. Source: torch/cuda/streams.py. */

import * as base from '../accelerator/stream';
import { notImplementedError, runtimeError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { BOOL, DEVICE, INT, nullable, optional, Signature } from '../dispatch/signature';
import { Device } from '../tensor/device';
import { scoped } from '../utils/contextlib';
import { type CudaDevice, indexOf, isBuilt, isStarted, start, streamDeviceOf } from './state';

const STREAM = new Signature('Stream', {
  device: nullable(DEVICE),
  priority: optional(INT, 0),
});

/**
 * A sequence of work on a CUDA device.
 *
 * If one stream computes a tensor and another reads it, `wait_stream` or an {@link Event} must synchronize them. If the
 * tensor may be freed meanwhile, call `tensor.record_stream`. See
 * https://docs.pytorch.org/docs/stable/generated/torch.cuda.Stream.html
 */
export class Stream extends base.Stream {
  /**
   * @param device - default: the current device
   * @throws TorchError (RuntimeError) if libtorch was built without CUDA
   */
  constructor(device?: CudaDevice | null, options?: base.StreamOptions);
  constructor(options?: base.StreamOptions & { device?: CudaDevice | null | undefined });
  constructor(...args: unknown[]) {
    super((args[0] instanceof base.ExistingStream ? args[0] : newStream(args)) as never);
  }

  /** The address of the stream object of the CUDA runtime. */
  get cuda_stream(): number | bigint {
    return this.native_handle;
  }

  /** The priority. Work with a lower number runs first. */
  get priority(): number {
    return native.stream_priority(this.device.name, this.stream_id);
  }

  /**
   * Returns the lowest and the highest priority of streams on the current device. A higher priority is a lower number.
   */
  static priority_range(): [least: number, greatest: number] {
    start();
    return native.stream_priority_range();
  }

  /** @internal */
  protected override newEvent(): base.Event {
    return new Event();
  }

  override toString(): string {
    return `<torch.cuda.Stream device=${this.device} cuda_stream=0x${this.cuda_stream.toString(16)}>`;
  }
}

function newStream(args: readonly unknown[]): base.ExistingStream {
  const { device, priority } = STREAM.read(args);
  if (!isBuilt()) throw runtimeError('torch.cuda.Stream requires CUDA support');
  start();
  const name = streamDeviceOf(Math.max(indexOf(device), -1));
  return new base.ExistingStream('cuda', native.new_stream(name, priority));
}

const nameOf = (device: CudaDevice | null | undefined): string => streamDeviceOf(indexOf(device));

const EVENT = new Signature('Event', {
  enable_timing: optional(BOOL, false),
  blocking: optional(BOOL, false),
  interprocess: optional(BOOL, false),
  external: optional(BOOL, false),
});

export interface EventOptions {
  /** Whether the event can be used with `elapsed_time`. Default: false. */
  enable_timing?: boolean | undefined;
  /** Accepted and ignored, since `synchronize` has one way to wait. Default: false. */
  blocking?: boolean | undefined;
  /** Not supported. Default: false. */
  interprocess?: boolean | undefined;
  /** Not supported, since there is no graph capture. Default: false. */
  external?: boolean | undefined;
}

/**
 * A point in a stream, to wait for or to measure time from.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html
 */
export class Event extends base.Event {
  /**
   * @throws TorchError (RuntimeError) if libtorch was built without CUDA; TorchError (NotImplementedError) for an event
   *   of
   *   other processes or of graphs
   */
  constructor(options?: EventOptions);
  constructor(enable_timing: boolean, options?: Omit<EventOptions, 'enable_timing'>);
  constructor(...args: unknown[]) {
    const { enable_timing, interprocess, external } = EVENT.read(args);
    if (!isBuilt()) throw runtimeError('Tried to instantiate dummy base class Event');
    if (interprocess || external) {
      const option = interprocess ? 'interprocess' : 'external';
      throw notImplementedError(`torch.cuda.Event: ${option} is not supported`);
    }
    super(new Device('cuda'), { enable_timing });
  }

  /** The device on which the event was recorded, or null. */
  override get device(): Device | null {
    const device = super.device;
    return device?.index === null ? null : device;
  }

  /** The address of the event object of the CUDA runtime. 0 until it is recorded. */
  get cuda_event(): number | bigint {
    return this.event_id;
  }

  override toString(): string {
    const id = this.event_id;
    return `<torch.cuda.Event ${Number(id) === 0 ? 'uninitialized' : `0x${id.toString(16)}`}>`;
  }
}

/** Returns the current stream of a device in this thread. Default: the current device. */
export function current_stream(device?: CudaDevice | null): Stream {
  start();
  return existing(native.current_stream(nameOf(device)));
}

/** Returns the default stream of a device. Default: the current device. */
export function default_stream(device?: CudaDevice | null): Stream {
  start();
  return existing(native.default_stream(nameOf(device)));
}

const existing = (place: readonly [id: number | bigint, index: number]): Stream =>
  new Stream(new base.ExistingStream('cuda', place) as never);

/** Makes a stream the current one of its device in this thread. `stream` does so while a function runs. */
export function set_stream(stream: base.Stream | null): void {
  if (stream === null) return;
  const { device, stream_id } = ofCuda('set_stream', stream);
  native.set_stream(device.name, stream_id);
}

/**
 * Returns the argument as a stream of a CUDA device.
 *
 * @throws TypeError if it is not a stream; RangeError (ValueError) for a stream of another device type
 */
function ofCuda(name: string, stream: base.Stream): base.Stream {
  const { device } = base.streamOf(name, stream);
  if (device.type === 'cuda') return stream;
  throw valueError(`Expected a cuda device, but got: ${device}`);
}

/**
 * Returns whether work on the current stream is being captured into a graph.
 *
 * @throws TorchError (RuntimeError) if libtorch was built without CUDA
 */
export function is_current_stream_capturing(): boolean {
  if (!isBuilt()) {
    throw runtimeError('Tried to instantiate dummy base class _cuda_isCurrentStreamCapturing');
  }
  return isStarted() && base.currentStream('cuda').is_capturing();
}

/**
 * Runs a function with its work on a stream, and returns its result. Null changes nothing.
 *
 * Calls off the event loop that the function makes run on the stream, too.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.stream.html
 *
 * @throws TypeError if the function returns a promise
 */
export function stream<T>(stream: base.Stream | null, run: () => T): T {
  return scoped('stream', run, () => {
    if (stream === null) return () => {};
    const { device } = ofCuda('stream', stream);
    const before = current_stream();
    const there = current_stream(device);
    set_stream(stream);
    return () => {
      set_stream(there);
      set_stream(before);
    };
  });
}
