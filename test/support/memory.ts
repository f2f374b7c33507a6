/** Measures memory without garbage, and waits for other threads. */
import { setTimeout as delay } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import torch from 'torch-losses';

v8.setFlagsFromString('--expose-gc');
/** Collects all garbage now. */
export const gc = vm.runInNewContext('gc') as () => void;

/** Returns the live bytes on the CPU in the whole process, after collecting this thread's garbage. */
export function liveBytes(): number {
  gc();
  return torch.memoryStats().devices['cpu']!.live_bytes;
}

/** A time limit in milliseconds, longer than anything takes in the slowest builds, whose tests have no time limit. */
const TIME_LIMIT = 300_000;

/** Returns when the condition is true. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + TIME_LIMIT;
  while (!holds()) {
    if (performance.now() > end)
      throw new Error(`in ${TIME_LIMIT / 1000} s it came to no end: ${holds}`);
    await delay(5);
  }
}
