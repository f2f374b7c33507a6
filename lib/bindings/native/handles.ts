/**
 * Handles of tensors, and the sweep that frees them: native/bindings/handles.h and
 * native/bindings/environment_calls.cc.
 */
import type { Handle } from '../handle';

export interface NativeHandles {
  attach(handle: Handle, owner: object): void;
  dispose(handle: Handle): void;
  is_live(handle: Handle): boolean;
  live(): number;
  /**
   * Frees the handles whose tensors were collected. `sweep_young` only looks at recent handles. Returns how many it
   * freed.
   */
  sweep(): number;
  sweep_young(): number;
  /** Sets by how many bytes live memory may grow from now on. Above that the native side calls `relievePressure`. */
  allow_growth(bytes: number): void;
  /** Returns by how many bytes live memory has grown since `allow_growth`. */
  growth(): number;
  /** Makes the native side call `relievePressure` for the next new handle. */
  notify_next_creation(): void;
  /** Returns the bytes that this environment's handles keep alive, by device. */
  bytes_by_device(): Record<string, number>;
  /** Sets the number of new handles after which the native side asks for a minor collection. */
  set_young_interval(count: number): void;
}
