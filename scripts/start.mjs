// `npm start`: sets up what is missing, then trains a classifier and shows every loss
// (examples/digits).
import './lib/node-version.mjs';

import path from 'node:path';

import { main } from './lib/advice.mjs';
import { DIST_EXAMPLES } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileExamples } from './lib/typescript.mjs';

await main(async () => {
  await setUp();
  await compileExamples();
  const program = [path.join(DIST_EXAMPLES, 'digits', 'main.js'), ...process.argv.slice(2)];
  const { status } = await run(process.execPath, program, {
    // Makes OpenMP's idle threads sleep. On a machine with other load, spinning slows down small models.
    env: { OMP_WAIT_POLICY: 'PASSIVE', ...process.env },
    inherit: true,
  });
  return status;
});
