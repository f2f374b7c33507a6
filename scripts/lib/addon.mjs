// Builds the native addons from CMakeLists.txt, through lib/cli/native_build.ts and cmake-js.
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { BUILD, ROOT, tool } from './checkout.mjs';
import { hashOf, unlessDone } from './stamp.mjs';
import { library } from './typescript.mjs';

/**
 * Builds the loader and the addon for a libtorch, in a folder in which the package looks for addons. An addon works
 * with every libtorch of a minor version, so another libtorch of the same version needs no new build.
 *
 * @param {{ directory: string, version: string }} libtorch
 * @param {{ configuration?: string, output?: string, strip?: boolean }} [options] the default output is the folder of
 *   the
 *   configuration in lib/bindings/libtorch/addons.ts
 */
export async function buildAddon(
  libtorch,
  { configuration = 'Release', output, strip = false } = {},
) {
  const { addonFor, buildFolder, outputFolder } = await library('bindings/libtorch/addons');
  const folder = output ?? buildFolder(configuration);
  const minorVersion = addonFor(libtorch.version);
  const warningsAsErrors = !!process.env.CI;
  const inputs = hashOf({
    files: ['native', 'CMakeLists.txt'],
    strings: [process.env.CXX ?? '', String(warningsAsErrors)],
  });
  const finished = outputFolder(folder, minorVersion);
  mkdirSync(finished, { recursive: true });
  await unlessDone(path.join(finished, 'stamp'), inputs, async () => {
    console.log(
      `Building the addon for libtorch ${libtorch.version}: a few minutes the first time`,
    );
    const { buildAddons } = await library('cli/native_build');
    await buildAddons({
      libtorch,
      tree: path.join(BUILD, `cmake-${configuration}-${minorVersion}`),
      output: folder,
      configuration,
      warningsAsErrors,
      strip,
      driver: CMAKE_JS,
    });
  });
}

const CMAKE_JS = {
  configure: (build, settings) => cmakeJs('configure', build, settings),
  compile: (build, jobs) => cmakeJs('build', build, {}, `--parallel=${jobs}`),
};

function cmakeJs(command, { tree, configuration }, settings, ...more) {
  const program = [tool('cmake-js', 'bin', 'cmake-js'), command, '--log-level=warn'];
  const variables = Object.entries(settings).map(([name, value]) => `--CD${name}=${value}`);
  const folders = [`--directory=${ROOT}`, `--out=${tree}`];
  const args = [...program, ...folders, `--config=${configuration}`, ...variables, ...more];
  return [process.execPath, args];
}
