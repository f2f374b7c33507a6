// `npm run docs`: sets up what is missing, then builds the documentation as a site that works offline,
// build/docs/index.html.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp();
  const { buildSite } = await import('./docs/site.mjs');
  await buildSite();
});
