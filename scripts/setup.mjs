// `npm run setup`: only sets up what is missing, as `npm start` and `npm test` do first.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp();
});
