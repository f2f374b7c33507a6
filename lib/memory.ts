/**
 * Memory that takes care of itself: when tensors hold much, garbage is collected and swept inside the running loop.
 *
 * The native side calls {@link relievePressure} when the allocator's live bytes pass a threshold. A minor collection
 * costs about a millisecond and finds what a loop leaves behind; a major one is made only where that freed too little,
 * and not again before what lives has grown by half.
 */
import v8 from 'node:v8';
import vm from 'node:vm';

import type { Native } from './native';

/** Growth in live bytes that is not worth a collection. */
const STEP = 128 * 2 ** 20;

type Collect = (options?: { type: 'minor' }) => void;

let collect: Collect | undefined;

/** V8's own `gc`, which Node hides: without it a loop that never yields is never collected in time. */
function collector(): Collect {
  if (!collect) {
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as Collect;
    v8.setFlagsFromString('--no-expose-gc');
  }
  return collect;
}

/** What relieving pressure needs of the native side. */
type Sweeper = Pick<Native, 'allocator_stats' | 'set_pressure_threshold' | 'sweep' | 'sweep_young'>;

/** Makes the function that the native side calls under pressure. */
export function pressureRelief(native: Sweeper): () => void {
  const live = (): number => native.allocator_stats()[0]!;
  let lowest = 0;
  let afterMajor = 0;

  const allowGrowthFrom = (bytes: number): void => {
    lowest = bytes;
    native.set_pressure_threshold(bytes + Math.max(STEP, bytes / 4));
  };
  allowGrowthFrom(0);

  return () => {
    const before = live();
    collector()({ type: 'minor' });
    native.sweep_young();
    let after = live();
    const freedEnough = before - after >= (before - lowest) / 2;
    if (!freedEnough && after > afterMajor * 1.5 + STEP) {
      collector()();
      native.sweep();
      after = live();
      afterMajor = after;
    }
    allowGrowthFrom(after);
  };
}
