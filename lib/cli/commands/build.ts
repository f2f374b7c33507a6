import { rmSync } from 'node:fs';
import path from 'node:path';

import { addonFor, BUILD_FOLDER, findAddon } from '../../bindings/libtorch/addons';
import { ADVICE, type Candidate, canBuildFor, candidates } from '../../bindings/libtorch/find';
import { CACHE_FOLDER, PACKAGE_VERSION } from '../../bindings/libtorch/folders';
import { defineCommand } from '../command';
import { CommandError } from '../errors';
import { buildAddons } from '../native_build';
import { requireWritable } from '../writable';

/** Builds an addon for the libtorch of this machine. */
export const build = defineCommand({
  name: 'build',
  summary: 'Compile an addon, if the package has none for your libtorch or system',
  description:
    '  Compiles an addon for the first libtorch that `torch-losses doctor` lists, which takes a few minutes.\n' +
    '  You need CMake, make or ninja, and a compiler for C++20. The addon is written to\n' +
    `  ${BUILD_FOLDER}. It is used in place of the package's own addon.`,
  options: {
    debug: { type: 'boolean', description: 'Compile with assertions and debug symbols' },
  },
  examples: [
    { command: 'npx torch-losses build', does: 'Build for the torch of the active Python' },
    {
      command: 'LIBTORCH=/opt/libtorch npx torch-losses build',
      does: 'Build for a libtorch that you choose',
    },
  ],
  async run({ debug }, terminal) {
    const { directory, version } = libtorchToBuildFor();
    requireWritable(BUILD_FOLDER, 'TORCH_LOSSES_HOME');
    requireWritable(CACHE_FOLDER, 'XDG_CACHE_HOME');
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
      'There is no libtorch with headers to build an addon for. Looked at',
      ...found.map(
        ({ source, python, directory, version }) =>
          `  - ${source === 'LIBTORCH' ? `LIBTORCH=${directory}` : python}: ${
            version ? `torch ${version}` : 'no torch'
          }`,
      ),
    ].join('\n'),
    `\`${ADVICE.setup}\` fetches one.`,
  );
}
