// `npm run fuzz -- [--calls NUMBER] [--seed INTEGER]`: calls everything public with hostile arguments, in
// child processes, and reports crashes, hangs, undocumented errors and growth. The same seed makes
// the same calls.
import './lib/node-version.mjs';

import path from 'node:path';

import { main } from './lib/advice.mjs';
import { DIST_TEST } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

await main(async () => {
  await setUp();
  await compileTests();
  const program = path.join(DIST_TEST, 'fuzz', 'main.js');
  const { status } = await run(process.execPath, [program, ...process.argv.slice(2)], {
    inherit: true,
  });
  return status;
});
