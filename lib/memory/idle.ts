/**
 * What happens to memory while no tensor is made, and so nothing else looks after it.
 *
 * A canary, an object that nothing refers to, tells of every major collection that V8 makes for reasons of its own: what
 * it found dead is swept. And once the event loop has been without new tensors for a second, what the last ones left
 * behind is collected; after ten, kept memory goes back to the system, a slice at a time, so that no request that comes
 * meanwhile waits long. None of this keeps the process alive, and while it rests no timer runs.
 */
import { setTimeout } from 'node:timers';
import type { Native } from '../bindings/native';
import { outside } from '../bindings/outside';
import { weakly } from '../bindings/realms';
import { collector } from './pressure';

const TICK = 1000;
const TRIM_AFTER = 10;
/** Between slices of what is given back, and how much each is. */
const BREAK = 50;
const SLICE = 64 * 2 ** 20;

/** Growth of live bytes since the last major collection at rest that is worth another. */
const WORTHWHILE = 64 * 2 ** 20;

/** What looking after idle memory needs of the native side. */
export type IdleNative = Pick<
  Native,
  'allocator_stats' | 'empty_cache' | 'notify_next_creation' | 'sweep'
>;

/** Calls back after a time, without keeping the process alive until then. */
export type Alarm = (ring: () => void, milliseconds: number) => void;

const nodeAlarm: Alarm = (ring, milliseconds) =>
  outside(() => {
    setTimeout(weakly(ring), milliseconds).unref();
  });

/** Starts looking after idle memory; returns what is to be called when the first tensor after a rest is made. */
export function idleCare(native: IdleNative, alarm = nodeAlarm): () => void {
  let isSet = false;
  /** Ticks since the last tensor; the first may have seen some. */
  let quiet = 0;
  let afterMajor = 0;
  let last: number[] = [];

  const arm = (milliseconds: number): void => {
    isSet = true;
    alarm(ring, milliseconds);
  };

  const ring = (): void => {
    isSet = false;
    const next = tick();
    if (next !== undefined) arm(next);
  };

  const tick = (): number | undefined => {
    quiet++;
    if (quiet === 1) native.notify_next_creation();
    if (quiet === 2) collectYoung();
    if (quiet < TRIM_AFTER) return TICK;
    if (quiet === TRIM_AFTER) collectAll();
    // Other threads may be at work on the same memory.
    else if (isSteady()) return giveBack() ? BREAK : undefined;
    last = native.allocator_stats();
    return TICK;
  };

  const isSteady = (): boolean =>
    native.allocator_stats().every((bytes, index) => bytes === last[index]);

  const collectYoung = (): void => {
    collector()({ type: 'minor' });
    // Of all: what the young ones' sweep finds is destroyed with the next tensors, and there are none.
    native.sweep();
  };

  const collectAll = (): void => {
    if (native.allocator_stats()[0] < afterMajor + WORTHWHILE) return;
    collector()();
    native.sweep();
    [afterMajor] = native.allocator_stats();
  };

  /** Whether there is more to give back. */
  const giveBack = (): boolean => {
    const cached = native.allocator_stats()[1];
    native.empty_cache(Math.max(0, cached - SLICE));
    last = native.allocator_stats();
    return cached > SLICE;
  };

  const watch = watchCollections(native);
  return () => {
    watch();
    quiet = 0;
    if (!isSet) arm(TICK);
  };
}

/**
 * Sweeps after every major collection: minor ones keep what a registry watches.
 *
 * @returns a function that starts the watch; what holds it keeps the registry, without which nothing is told
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
