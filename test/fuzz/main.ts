/** Runs `npm run fuzz`, see scripts/fuzz.mjs. */
import { parseArgs } from 'node:util';

import { Fuzzer } from './calls';
import { type Crash, fuzz } from './fuzz';

process.on('warning', () => {});

function showCrash({ how, seed, calls, last }: Crash): void {
  console.log(`\nCRASH (seed ${seed}): ${how}`);
  for (const call of calls) console.log(`  ${JSON.stringify(call)}`);
  if (calls.length === 0) console.log(`  not again; during ${JSON.stringify(last)}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { calls: { type: 'string' }, seed: { type: 'string' } },
  });
  const calls = Number(values.calls ?? 20_000);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  if (!(Number.isSafeInteger(calls) && calls > 0 && Number.isSafeInteger(seed))) {
    console.error('Usage: npm run fuzz -- [--calls NUMBER] [--seed INTEGER]');
    return 2;
  }
  const { functions, operators } = new Fuzzer().size;
  console.log(`${calls} calls of ${functions} functions and ${operators} operators, seed ${seed}`);
  const start = Date.now();
  const shown = { crashes: 0, findings: 0 };
  const report = await fuzz({
    seed,
    calls,
    progress: (done, { returned, findings, crashes, megabytes, live, tensors }) => {
      for (const crash of crashes.slice(shown.crashes)) showCrash(crash);
      for (const { call, error } of [...findings.values()].slice(shown.findings)) {
        console.log(`\n${error}\n  ${call}\n`);
      }
      Object.assign(shown, { crashes: crashes.length, findings: findings.size });
      console.log(
        `${done} calls, ${returned} returned: ${crashes.length} crashes, ` +
          `${findings.size} undocumented errors, growth ${megabytes.toFixed(0)} MB, of which ` +
          `live ${live.toFixed(1)} MB in ${tensors} tensors, ${Math.round((Date.now() - start) / 1000)} s`,
      );
    },
  });
  return report.crashes.length + report.findings.size > 0 ? 1 : 0;
}

main().then((status) => {
  process.exitCode = status;
});
