// The native addons: CMakeLists.txt, through cmake-js.
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { adviceFor, SetupError } from './advice.mjs';
import { BUILD, tool } from './checkout.mjs';
import { mustRun, run } from './run.mjs';
import { hashOf, unlessDone } from './stamp.mjs';

/**
 * Builds the loader, and the addon for a libtorch, into a folder of finished addons. An addon
 * serves every libtorch of a minor version, so another one of the same needs no other build.
 *
 * @param {{ directory: string, version: string }} libtorch
 * @param {{ configuration?: 'Release' | 'Debug', output?: string }} [options]
 */
export async function buildAddon(
  libtorch,
  { configuration = 'Release', output = path.join(BUILD, configuration) } = {},
) {
  const minorVersion = libtorch.version.split('.', 2).join('.');
  const warningsAsErrors = process.env.CI ? 'ON' : 'OFF';
  const inputs = hashOf({
    files: ['native', 'CMakeLists.txt'],
    strings: [process.env.CXX ?? '', warningsAsErrors],
  });
  mkdirSync(output, { recursive: true });
  await unlessDone(path.join(output, `torch_losses-${minorVersion}.stamp`), inputs, async () => {
    console.log(
      `Building the addon for libtorch ${libtorch.version}: a few minutes the first time`,
    );
    const tree = path.join(BUILD, `cmake-${configuration}-${minorVersion}`);
    const settings = [
      `--out=${tree}`,
      `--config=${configuration}`,
      `--CDLIBTORCH=${libtorch.directory}`,
      `--CDTORCH_LOSSES_WERROR=${warningsAsErrors}`,
    ];
    await configure(tree, settings);
    await mustRun('Compiling the addon', ...cmakeJs('build', ...settings, `--parallel=${jobs()}`));
    install(path.join(tree, configuration), output);
  });
}

// CMake refuses a tree made for another place or by another generator; then a new one is begun.
async function configure(tree, settings) {
  const begun = existsSync(path.join(tree, 'CMakeCache.txt'));
  const command = cmakeJs('configure', ...settings);
  const { status, output } = await run(...command, { quiet: true });
  if (status === 0) {
    return;
  }
  if (!begun) {
    throw new SetupError(
      `Configuring the addon's build failed:\n\n${output.trim()}`,
      adviceFor(output),
    );
  }
  rmSync(tree, { recursive: true, force: true });
  await mustRun("Configuring the addon's build", ...command, { quiet: true });
}

function cmakeJs(...args) {
  return [process.execPath, [tool('cmake-js', 'bin', 'cmake-js'), '--log-level=warn', ...args]];
}

// A file of libtorch's headers takes up to 2 GB to compile.
function jobs() {
  const memory = Math.floor(os.totalmem() / 2 ** 31);
  return (
    Number(process.env.TORCH_LOSSES_JOBS) ||
    Math.max(1, Math.min(os.availableParallelism(), memory))
  );
}

// By renaming, so that a process that has the old addon open keeps it, and none ever sees half of
// the new one.
function install(from, to) {
  for (const name of readdirSync(from).filter((name) => name.endsWith('.node'))) {
    const unfinished = path.join(to, `${name}.unfinished`);
    copyFileSync(path.join(from, name), unfinished);
    renameSync(unfinished, path.join(to, name));
  }
}
