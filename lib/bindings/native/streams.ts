/** Streams and events: native/operators/streams.cc. A stream is a device's name and an id. */
import type { Handle } from '../handle';

/** The native object of an event. */
export type NativeEvent = { readonly __event: unique symbol };

export interface NativeStreams {
  device_type(device: string): number;
  new_stream(device: string, priority: number): [id: number | bigint, index: number];
  current_stream(device: string): [id: number | bigint, index: number];
  default_stream(device: string): [id: number | bigint, index: number];
  set_stream(device: string, stream: number | bigint): void;
  query_stream(device: string, stream: number | bigint): boolean;
  synchronize_stream(device: string, stream: number | bigint): void;
  stream_handle(device: string, stream: number | bigint): number | bigint;
  is_capturing(device: string, stream: number | bigint): boolean;
  stream_priority(device: string, stream: number | bigint): number;
  stream_priority_range(): [least: number, greatest: number];
  record_stream(tensor: Handle, device: string, stream: number | bigint): void;
  new_event(device: string, enableTiming: boolean): NativeEvent;
  event_device(event: NativeEvent): string;
  event_id(event: NativeEvent): number | bigint;
  record_event(event: NativeEvent, device: string, stream: number | bigint): void;
  wait_event(event: NativeEvent, device: string, stream: number | bigint): void;
  query_event(event: NativeEvent): boolean;
  synchronize_event(event: NativeEvent): void;
  /** Returns the time between two events, in milliseconds. */
  elapsed_time(start: NativeEvent, end: NativeEvent): number;
}
