// Builds the addon alone, for work on native/: `npm run build`. Options: --debug, --build=Sanitize or
// --build=Coverage (CMakeLists.txt), --output=DIRECTORY, --strip (without the names of functions).
import './lib/node-version.mjs';

import { parseArgs } from 'node:util';

import { buildAddon } from './lib/addon.mjs';
import { main } from './lib/advice.mjs';
import { findLibtorch } from './lib/typescript.mjs';

await main(async () => {
  const { values } = parseArgs({
    options: {
      debug: { type: 'boolean' },
      build: { type: 'string' },
      output: { type: 'string' },
      strip: { type: 'boolean', default: false },
    },
  });
  const configuration = values.build ?? (values.debug ? 'Debug' : 'Release');
  await buildAddon(await findLibtorch(), {
    configuration,
    strip: values.strip,
    ...(values.output && { output: values.output }),
  });
});
