// `npm run setup`: what `npm start` and `npm test` do first, alone.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp();
});
