// Measures the memory of loops that never yield to the event loop and never dispose, and of the same loops with
// dispose. Each runs in its own process.
import { runProgram } from './program.mjs';
import { median } from './statistics.mjs';

const LOOPS = [
  ['results of 1 MB', 3000],
  ['scalar results of 4 MB work', 900],
  ['forward+backward at 1000×1000', 300],
  ['losses whose graphs keep 4 MB', 1000],
  ['tiny losses', 200_000],
];
const LIVE_HEAP = 450;

/**
 * @param {{ quick: boolean }} options
 * @returns {Promise<{ loop: string, times: number, heap: number, growth: number,
 *   growthDisposing: number, seconds: number, ratio: number }[]>} growth: the largest growth of the peak in all
 * repeats,
 *   in MB; seconds: the time of the loop that does not dispose; ratio: that time as a multiple of the other loop's
 */
export async function measureMemory({ quick }) {
  const results = [];
  for (const heap of quick ? [0] : [0, LIVE_HEAP]) {
    for (const [loop, times] of LOOPS) {
      const runs = { plain: [], dispose: [] };
      for (let repeat = 0; repeat < (quick ? 1 : 3); repeat++) {
        for (const style of ['plain', 'dispose']) {
          runs[style].push(await runProgram('loop.mjs', loop, style, heap));
        }
      }
      const result = {
        loop,
        times,
        heap,
        growth: Math.max(...runs.plain.map(({ growth }) => growth)),
        growthDisposing: Math.max(...runs.dispose.map(({ growth }) => growth)),
        seconds: median(runs.plain.map(({ seconds }) => seconds)),
        ratio: median(runs.plain.map(({ seconds }, i) => seconds / runs.dispose[i].seconds)),
      };
      results.push(result);
      console.log(
        `${times} × ${loop}, ${heap} MB of live heap: +${result.growth.toFixed(0)} MB, ` +
          `${result.seconds.toFixed(2)} s, ${result.ratio.toFixed(2)} of the time with dispose`,
      );
    }
  }
  return results;
}
