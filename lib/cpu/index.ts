/**
 * `torch.cpu`: the result of {@link get_device_module} for the CPU, so that one program supports all devices. Source:
 * torch/cpu/__init__.py.
 *
 * See https://docs.pytorch.org/docs/stable/cpu.html
 */

import { currentStream, type Stream, streamOf } from '../accelerator/stream';
import type { DeviceLike } from '../tensor/device';
import { scoped } from '../utils/contextlib';

export { Event, Stream } from '../accelerator/stream';

export const is_available = (): boolean => true;

export const is_initialized = (): boolean => true;

/** Returns 1, since all cores are one device. */
export const device_count = (): number => 1;

export const current_device = (): string => 'cpu';

/** Does nothing, since there is one CPU device. */
export function set_device(_device: DeviceLike): void {}

/** Returns at once, since the CPU has no background work. */
export function synchronize(_device?: DeviceLike | null): void {}

/** Returns the only stream of the CPU. */
export const current_stream = (_device?: DeviceLike | null): Stream => currentStream('cpu');

/** Runs a function. The stream makes no difference, since the CPU has only one. */
export function stream<T>(stream: Stream | null, run: () => T): T {
  if (stream !== null) streamOf('stream', stream);
  return scoped('stream', run, () => () => {});
}
