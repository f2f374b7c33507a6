/** Handles of tensors and their sweep: native/bindings/handles.h and native/bindings/environment_calls.cc. */
import type { Handle } from '../handle';

export interface NativeHandles {
  attach(handle: Handle, owner: object): void;
  dispose(handle: Handle): void;
  is_live(handle: Handle): boolean;
  live(): number;
  /** Frees the handles whose tensors were collected: all, or those given out lately. */
  sweep(): number;
  sweep_young(): number;
  /** By how many bytes what lives may grow, from now, before the native side calls for relief. */
  allow_growth(bytes: number): void;
  /** By how many it has grown since. */
  growth(): number;
  /** Asks to be told of the next new handle. */
  notify_next_creation(): void;
  /** Bytes of what this environment's handles keep, by device. */
  bytes_by_device(): Record<string, number>;
  /** The number of new handles after which it calls for a minor collection. */
  set_young_interval(count: number): void;
}
