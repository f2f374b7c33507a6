// `npm run build`: builds only the addon, for work on native/. Options: --debug, --build=Sanitize or --build=Coverage
// (CMakeLists.txt). binding.gyp passes --prebuild=FILE when scripts/prebuilds.mjs runs prebuildify: builds one addon
// without symbol names, as that file.
import './lib/node-version.mjs';

import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildAddon } from './lib/addon.mjs';
import { main } from './lib/advice.mjs';
import { BUILD } from './lib/checkout.mjs';
import { findLibtorch, library } from './lib/typescript.mjs';

await main(async () => {
  const { values } = parseArgs({
    options: {
      debug: { type: 'boolean' },
      build: { type: 'string' },
      prebuild: { type: 'string' },
    },
  });
  const libtorch = await findLibtorch();
  if (values.prebuild) {
    await prebuild(libtorch, values.prebuild);
  } else {
    await buildAddon(libtorch, {
      configuration: values.build ?? (values.debug ? 'Debug' : 'Release'),
    });
  }
});

async function prebuild(libtorch, file) {
  const output = path.join(BUILD, 'stripped');
  await buildAddon(libtorch, { output, strip: true });
  const { addonFor, outputFolder } = await library('bindings/libtorch/addons');
  const built =
    process.env.TORCH_LOSSES_PREBUILD === 'loader'
      ? path.join(outputFolder(output, 'loader'), 'loader.node')
      : path.join(outputFolder(output, addonFor(libtorch.version)), 'torch_losses.node');
  copyFileSync(built, file);
}
