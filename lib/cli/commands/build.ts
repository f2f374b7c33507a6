import { rmSync } from 'node:fs';
import path from 'node:path';

import { addonFor, BUILD_FOLDER, findAddon } from '../../bindings/libtorch/addons';
import { type Candidate, canBuildFor, candidates, MENDING } from '../../bindings/libtorch/find';
import { CACHE_FOLDER, PACKAGE_VERSION } from '../../bindings/libtorch/folders';
import { defineCommand } from '../command';
import { CommandError } from '../errors';
import { buildAddons } from '../native_build';

/** Builds an addon for the libtorch that is there. */
export const build = defineCommand({
  name: 'build',
  summary: 'Build an addon, where the package has none for your libtorch or system',
  description:
    '  Needs CMake, make or ninja, and a compiler for C++20; takes a few minutes. It is built for the first libtorch in\n' +
    `  the order of \`torch-losses doctor\`, into ${BUILD_FOLDER},\n` +
    '  and counts before what the package ships.',
  options: {
    debug: { type: 'boolean', description: 'With assertions and symbols' },
  },
  examples: [
    { command: 'npx torch-losses build', does: 'Build for the torch of the active Python' },
    {
      command: 'LIBTORCH=/opt/libtorch npx torch-losses build',
      does: 'Build for a libtorch that you name',
    },
  ],
  async run({ debug }, terminal) {
    const { directory, version } = libtorchToBuildFor();
    terminal.note(
      `Building the addon for libtorch ${version} in ${directory}: this takes a few minutes`,
    );
    const tree = path.join(CACHE_FOLDER, `build-${PACKAGE_VERSION}-${process.pid}`);
    try {
      await buildAddons({
        libtorch: { directory, version },
        tree,
        output: BUILD_FOLDER,
        configuration: debug ? 'Debug' : 'Release',
        strip: !debug,
      });
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
    const addon = findAddon(addonFor(version));
    terminal.result({ addon, libtorch: { directory, version } }, () => `Built ${addon}`);
    return 0;
  },
});

function libtorchToBuildFor(): { directory: string; version: string } {
  const found: Candidate[] = [];
  for (const candidate of candidates()) {
    const { directory, version } = candidate;
    if (directory && canBuildFor(directory, version)) {
      return { directory, version };
    }
    found.push(candidate);
  }
  throw new CommandError(
    [
      'There is no libtorch with its headers to build an addon for. Looked at',
      ...found.map(
        ({ source, python, directory, version }) =>
          `  - ${source === 'LIBTORCH' ? `LIBTORCH=${directory}` : python}: ${
            version ? `torch ${version}` : 'no torch'
          }`,
      ),
    ].join('\n'),
    `\`${MENDING.setup}\` fetches one.`,
  );
}
