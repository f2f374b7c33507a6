/**
 * Bounds memory: collects garbage and sweeps handles inside a running loop.
 *
 * The native side calls the relief function for one of these reasons:
 * - Many handles were made since the last minor collection. Makes a minor collection and sweeps, so that memory is used
 *   again while it is in the processor's caches.
 * - The live bytes of the allocators, CUDA's included, passed a threshold. Does the same. If that frees too little,
 *   makes a major collection, but only if live memory has grown by half since the last one.
 * - Memory ran out. Makes a major collection; the native side then tries again.
 * - The first tensor after an idle time was made. Notifies idle.ts.
 */
import os from 'node:os';
import v8 from 'node:v8';
import vm from 'node:vm';

import type { Native } from '../bindings/native';

/** Bounds of the growth of live bytes between collections. A small growth stays in the processor's caches. */
const MIN_GROWTH = 4 * 2 ** 20;
const MAX_GROWTH = 128 * 2 ** 20;

/**
 * The duration of a minor collection, in milliseconds, and the share of the time since the last one, above which the
 * next growth may be larger.
 */
const SLOW_COLLECTION = 2;
const LARGE_SHARE = 0.6;

/** Bounds of the number of new handles between minor collections. */
const MIN_INTERVAL = 16;
const MAX_INTERVAL = 2 ** 14;

/**
 * The share of a loop's time that minor collections may take. More frequent collections let memory be used again
 * sooner, while it is still in the processor's caches.
 */
const TIME_SHARE = 0.1;

/**
 * With a large heap, a minor collection takes longer. The total time of collections and of cache misses is then
 * smallest with a larger share. The share grows with the square root of a collection's duration above
 * QUICK_COLLECTION (milliseconds), up to MAX_TIME_SHARE.
 */
const QUICK_COLLECTION = 0.025;
const MAX_TIME_SHARE = 0.3;

type Collect = (options?: { type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Returns V8's `gc` function, which Node hides. Without it, a loop that never yields to the event loop is not collected
 * in time.
 */
export function collector(): Collect {
  while (!collect) {
    // Flags hold for the process. Another thread may have reset this one between the two calls, so try again.
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('globalThis.gc') as Collect | undefined;
    v8.setFlagsFromString('--no-expose-gc');
    // Few objects survive, so a single thread is fastest. V8's helper threads would wait for cores on which OpenMP's
    // threads spin.
    v8.setFlagsFromString('--no-parallel-scavenge');
  }
  return collect;
}

/** Returns how many bytes of memory this process may use: the machine's memory, or the limit of its container. */
export function usableMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, os.totalmem()) : os.totalmem();
}

/** The native calls that are needed here. */
type Sweeper = Pick<
  Native,
  | 'allocator_stats'
  | 'allow_growth'
  | 'cuda_live_bytes'
  | 'growth'
  | 'set_young_interval'
  | 'sweep'
  | 'sweep_young'
>;

/**
 * Makes the function that the native side calls under memory pressure.
 *
 * @param onWake - called when the first tensor after an idle time is made
 */
export function pressureRelief(native: Sweeper, onWake: () => void): (pressure: number) => void {
  const live = (): number => native.allocator_stats()[0] + native.cuda_live_bytes();
  let interval = 1024;
  let lastYoung = performance.now();
  let lastRelief = lastYoung;
  let allowedGrowth = MIN_GROWTH;
  let afterMajor = 0;
  native.set_young_interval(interval);
  native.allow_growth(allowedGrowth);

  const collectYoung = (): void => {
    const start = performance.now();
    collector()({ type: 'minor' });
    const took = performance.now() - start;
    const share = took / (start - lastYoung);
    const allowed = Math.min(
      TIME_SHARE * Math.sqrt(Math.max(took / QUICK_COLLECTION, 1)),
      MAX_TIME_SHARE,
    );
    const isFutile = native.sweep_young() < interval / 2;
    if (share > allowed || isFutile) interval = Math.min(interval * 2, MAX_INTERVAL);
    else if (share < allowed / 2) interval = Math.max(interval / 2, MIN_INTERVAL);
    native.set_young_interval(interval);
    lastYoung = performance.now();
  };

  const relieveBytes = (): void => {
    const growth = native.growth();
    const before = live();
    const start = performance.now();
    collector()({ type: 'minor' });
    native.sweep_young();
    const end = performance.now();
    const share = (end - start) / (end - lastRelief);
    lastRelief = end;
    if (end - start > SLOW_COLLECTION || share > LARGE_SHARE)
      allowedGrowth = Math.min(allowedGrowth * 2, MAX_GROWTH);
    else if (share < LARGE_SHARE / 2) allowedGrowth = Math.max(allowedGrowth / 2, MIN_GROWTH);
    const after = live();
    const freedEnough = before - after >= growth / 2;
    // Memory that was disposed since then is no longer live.
    afterMajor = Math.min(afterMajor, before - growth);
    if (!freedEnough && after > afterMajor * 1.5 + MAX_GROWTH) collectAll();
    native.allow_growth(allowedGrowth);
  };

  const collectAll = (): void => {
    collector()();
    native.sweep();
    afterMajor = live();
  };

  const relieveExhaustion = (): void => {
    collectAll();
    native.allow_growth(allowedGrowth);
  };

  const reliefs = [collectYoung, relieveBytes, relieveExhaustion, onWake];
  // By the number that native/bindings/handles.h gives the reason.
  return (pressure) => reliefs[pressure]!();
}
