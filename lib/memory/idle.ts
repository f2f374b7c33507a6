/**
 * Frees memory while the process makes no tensors. Everything else that frees memory runs when tensors are made.
 *
 * It does three things:
 * - After each major collection that V8 makes on its own, it sweeps the handles. A canary, which is an object without
 *   references, shows that a collection happened.
 * - After one second without new tensors, it makes a minor collection and sweeps.
 * - After ten seconds, it makes a major collection if memory has grown, and returns cached memory to the system. It
 *   does so in slices, so that a request in between does not wait long.
 *
 * None of this keeps the process alive. Afterwards no timer runs until the next tensor is made.
 */
import { setTimeout } from 'node:timers';
import type { Native } from '../bindings/native';
import { outside } from '../bindings/outside';
import { weakly } from '../bindings/realms';
import { collector } from './pressure';

const TICK = 1000;
const TRIM_AFTER = 10;
/** The pause between two slices of memory that are returned, in milliseconds, and the size of a slice in bytes. */
const SLICE_PAUSE = 50;
const SLICE = 64 * 2 ** 20;

/** The growth of live bytes since the last major collection here that justifies another one. */
const MAJOR_COLLECTION_GROWTH = 64 * 2 ** 20;

/** The native calls that are needed here. */
export type IdleNative = Pick<
  Native,
  'allocator_stats' | 'empty_cache' | 'notify_next_creation' | 'sweep'
>;

/** Calls a function after some milliseconds. Does not keep the process alive. */
type Timer = (onTimer: () => void, milliseconds: number) => void;

/**
 * Node's timer, in the asynchronous context in which the package was loaded. In the caller's context, it would keep that
 * context alive.
 */
const nodeTimer: Timer = (onTimer, milliseconds) =>
  outside(() => {
    setTimeout(weakly(onTimer), milliseconds).unref();
  });

/** Starts to watch for idle time. Returns the function to call when the first tensor after an idle time is made. */
export function watchIdleTime(native: IdleNative, startTimer = nodeTimer): () => void {
  let isTimerRunning = false;
  /** Counts the ticks since the last tensor. Tensors may have been made during the first one. */
  let idleTicks = 0;
  let afterMajor = 0;
  let last: number[] = [];

  const start = (milliseconds: number): void => {
    isTimerRunning = true;
    startTimer(onTimer, milliseconds);
  };

  const onTimer = (): void => {
    isTimerRunning = false;
    const next = tick();
    if (next !== undefined) start(next);
  };

  const tick = (): number | undefined => {
    idleTicks++;
    if (idleTicks === 1) native.notify_next_creation();
    if (idleTicks === 2) collectYoung();
    if (idleTicks < TRIM_AFTER) return TICK;
    if (idleTicks === TRIM_AFTER) collectAll();
    // If the numbers changed, other threads are using the allocator.
    else if (isSteady()) return releaseSlice() ? SLICE_PAUSE : undefined;
    last = native.allocator_stats();
    return TICK;
  };

  const isSteady = (): boolean =>
    native.allocator_stats().every((bytes, index) => bytes === last[index]);

  const collectYoung = (): void => {
    collector()({ type: 'minor' });
    // Sweeps all handles. sweep_young would leave the destruction of tensors to the creation of the next ones.
    native.sweep();
  };

  const collectAll = (): void => {
    if (native.allocator_stats()[0] < afterMajor + MAJOR_COLLECTION_GROWTH) return;
    collector()();
    native.sweep();
    [afterMajor] = native.allocator_stats();
  };

  /** Returns a slice of cached memory to the system. Returns whether there is more. */
  const releaseSlice = (): boolean => {
    const cached = native.allocator_stats()[1];
    native.empty_cache(Math.max(0, cached - SLICE));
    last = native.allocator_stats();
    return cached > SLICE;
  };

  const watch = watchCollections(native);
  return () => {
    watch();
    idleTicks = 0;
    if (!isTimerRunning) start(TICK);
  };
}

/**
 * Sweeps after every major collection. Minor collections do not collect what a FinalizationRegistry watches.
 *
 * @returns a function that starts to watch. Its holder keeps the registry alive, and a registry that is collected never
 *   calls back
 */
function watchCollections(native: IdleNative): () => void {
  let isWatching = false;
  const registry = new FinalizationRegistry(() => {
    isWatching = false;
    native.sweep();
    watch();
  });
  const watch = (): void => {
    if (isWatching) return;
    isWatching = true;
    registry.register({}, undefined);
  };
  return watch;
}
