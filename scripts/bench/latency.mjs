// Measures the delay of the event loop under load, and the time to load the package.
import { runCommand, runProgram } from './program.mjs';
import { median } from './statistics.mjs';

/** @param {{ quick: boolean }} options */
export async function measureEventLoop({ quick }) {
  const result = await runProgram('callers.mjs', quick ? 3 : 15);
  console.log(
    result.skipped
      ? `Event loop: not measured, since ${result.skipped}`
      : `Event loop under ${result.callers} callers: ${result.busy.p99.toFixed(1)} ms late (p99), ` +
          `${result.idle.p99.toFixed(1)} ms idle`,
  );
  return result;
}

const REQUIRE = `
  const start = performance.now();
  require('torch-losses');
  console.log((performance.now() - start) / 1000);`;
const IMPORT = `
import time
start = time.perf_counter()
import torch
print(time.perf_counter() - start)`;

/**
 * @param {{ python: string }} libtorch
 * @param {{ quick: boolean }} options
 * @returns {Promise<{ require: number, import: number, ratio: number }>} seconds, warm
 */
export async function measureLoading({ python }, { quick }) {
  const times = { require: [], import: [] };
  const load = {
    require: () => runCommand(process.execPath, ['-e', REQUIRE]),
    import: () => runCommand(python, ['-W', 'ignore', '-c', IMPORT]),
  };
  for (let round = 0; round <= (quick ? 1 : 5); round++) {
    for (const name of ['require', 'import']) {
      times[name].push(await load[name]());
    }
  }
  const [required, imported] = [times.require.slice(1), times.import.slice(1)]; // the first reads from disk
  const result = {
    require: median(required),
    import: median(imported),
    ratio: median(required.map((seconds, round) => seconds / imported[round])),
  };
  console.log(
    `require ${result.require.toFixed(2)} s, import torch ${result.import.toFixed(2)} s: ${result.ratio.toFixed(2)}`,
  );
  return result;
}
