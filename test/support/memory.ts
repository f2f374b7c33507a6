/** Memory without what waits to be collected, and waiting for what other threads do. */
import { setTimeout as delay } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import torch from 'torch-losses';

v8.setFlagsFromString('--expose-gc');
/** Collects all garbage now. */
export const gc = vm.runInNewContext('gc') as () => void;

/** Bytes on the CPU that anything in the process keeps, once all garbage of this thread is gone. */
export function liveBytes(): number {
  gc();
  return torch.memoryStats().devices['cpu']!.live_bytes;
}

/** More than anything takes, in milliseconds, in the slowest builds, whose tests have no time limit. */
const LONGEST = 300_000;

/** Returns when it holds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + LONGEST;
  while (!holds()) {
    if (performance.now() > end)
      throw new Error(`in ${LONGEST / 1000} s it came to no end: ${holds}`);
    await delay(5);
  }
}
