/**
 * Memory that takes care of itself: garbage is collected and swept inside the running loop.
 *
 * The native side calls the relief for one of these reasons. So many handles were given out that the memory they use no
 * longer fits the processor's caches: a minor collection, which finds what a loop leaves behind. The live bytes of the
 * allocators, CUDA's included, passed a threshold: the same, and where that frees too little a major one, not again
 * before what lives has grown by half. Memory ran out: a major one at once, before it is tried again. Or the first tensor
 * after a rest was made: idle.ts looks after what nothing will be created after.
 */
import os from 'node:os';
import v8 from 'node:v8';
import vm from 'node:vm';

import type { Native } from '../bindings/native';

/** Bounds of the growth in live bytes between collections: the less, the more of it stays in the processor's caches. */
const LEAST_STEP = 16 * 2 ** 20;
const GREATEST_STEP = 128 * 2 ** 20;

/** A minor collection that takes longer, in milliseconds, is made rarer. */
const SLOW = 2;

/** Bounds of the number of handles between minor collections. */
const LEAST_INTERVAL = 16;
const GREATEST_INTERVAL = 2 ** 14;

/**
 * The share of a loop's time that minor collections may take. As many as that allows: the fewer dead tensors lie about
 * between them, the sooner their memory is used again, while it is still in the processor's caches.
 */
const SHARE = 0.1;

/**
 * Beside a large heap each collection takes longer, and fewer of them leave memory colder. The least of both together
 * is where they take more of the time: with the square root of what one takes, measured from this many milliseconds, up
 * to the greatest share.
 */
const QUICK = 0.025;
const GREATEST_SHARE = 0.3;

type Collect = (options?: { type: 'minor' }) => void;

let collect: Collect | undefined;

/** V8's own `gc`, which Node hides: without it a loop that never yields is never collected in time. */
export function collector(): Collect {
  while (!collect) {
    // The flags are the process's: another thread, at the same point, may just have taken this one back.
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('globalThis.gc') as Collect | undefined;
    v8.setFlagsFromString('--no-expose-gc');
    // Few objects survive, so one thread finds them fastest; V8's helpers would wait for cores that OpenMP's spin on.
    v8.setFlagsFromString('--no-parallel-scavenge');
  }
  return collect;
}

/** The memory that this process may use, in bytes: the machine's, or what its container is given. */
export function usableMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, os.totalmem()) : os.totalmem();
}

/** What relieving pressure needs of the native side. */
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
 * Makes the function that the native side calls under pressure.
 *
 * @param awake - called when the first tensor after a rest is made
 */
export function pressureRelief(native: Sweeper, awake: () => void): (pressure: number) => void {
  const live = (): number => native.allocator_stats()[0] + native.cuda_live_bytes();
  let interval = 1024;
  let lastYoung = performance.now();
  let step = LEAST_STEP;
  let afterMajor = 0;
  native.set_young_interval(interval);
  native.allow_growth(step);

  const collectYoung = (): void => {
    const start = performance.now();
    collector()({ type: 'minor' });
    const took = performance.now() - start;
    const share = took / (start - lastYoung);
    const allowed = Math.min(SHARE * Math.sqrt(Math.max(took / QUICK, 1)), GREATEST_SHARE);
    const isFutile = native.sweep_young() < interval / 2;
    if (share > allowed || isFutile) interval = Math.min(interval * 2, GREATEST_INTERVAL);
    else if (share < allowed / 2) interval = Math.max(interval / 2, LEAST_INTERVAL);
    native.set_young_interval(interval);
    lastYoung = performance.now();
  };

  const relieveBytes = (): void => {
    const growth = native.growth();
    const before = live();
    const start = performance.now();
    collector()({ type: 'minor' });
    native.sweep_young();
    const isSlow = performance.now() - start > SLOW;
    step = isSlow ? Math.min(step * 2, GREATEST_STEP) : Math.max(step / 2, LEAST_STEP);
    const after = live();
    const freedEnough = before - after >= growth / 2;
    // What was disposed since then no longer counts as living.
    afterMajor = Math.min(afterMajor, before - growth);
    if (!freedEnough && after > afterMajor * 1.5 + GREATEST_STEP) collectAll();
    native.allow_growth(step);
  };

  const collectAll = (): void => {
    collector()();
    native.sweep();
    afterMajor = live();
  };

  const relieveExhaustion = (): void => {
    collectAll();
    native.allow_growth(step);
  };

  const reliefs = [collectYoung, relieveBytes, relieveExhaustion, awake];
  // By the number that native/bindings/handles.h gives the reason.
  return (pressure) => reliefs[pressure]!();
}
