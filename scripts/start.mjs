// `npm start`: sets up what is missing, then trains a classifier and shows every loss
// (examples/digits).
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp();
  const program = ['examples/digits/main.mjs', ...process.argv.slice(2)];
  const { status } = await run(process.execPath, program, { inherit: true });
  return status;
});
