import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { addonFor, outputFolder } from '../bindings/libtorch/addons';
import type { Libtorch } from '../bindings/libtorch/find';
import { makeFolder, PACKAGE_ROOT } from '../bindings/libtorch/folders';
import { CommandError } from './errors';
import { adviceFor } from './failures';
import { mustRun, run } from './programs';

/** What is built, and in which folders. */
interface NativeBuild {
  /** The libtorch, whose directory has `include/` and `lib/`. */
  readonly libtorch: Pick<Libtorch, 'directory' | 'version'>;
  /** CMake's build tree. If it is kept, the next build is quick. */
  readonly tree: string;
  /** The folder for the finished addons, which has a folder for each. */
  readonly output: string;
  readonly configuration: 'Release' | 'Debug';
  readonly warningsAsErrors?: boolean;
  /** Whether the names of functions, which debuggers show, are removed. */
  readonly strip?: boolean;
  /** The program that calls CMake. Default: CMake itself, which users have. */
  readonly driver?: Driver;
}

/** A program and its arguments. */
export type Command = readonly [program: string, args: string[]];

/** The two steps of a build, as programs to run. */
interface Driver {
  /** @param settings - CMakeLists.txt's variables */
  configure(build: NativeBuild, settings: Readonly<Record<string, string>>): Command;
  compile(build: NativeBuild, jobs: number): Command;
}

const CMAKE: Driver = {
  configure: ({ tree, configuration }, settings) => [
    'cmake',
    [
      ...['-S', PACKAGE_ROOT, '-B', tree],
      ...(process.env['CMAKE_GENERATOR'] || !hasNinja() ? [] : ['-G', 'Ninja']),
      `-DCMAKE_BUILD_TYPE=${configuration}`,
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
    ],
  ],
  compile: ({ tree, configuration }, jobs) => [
    'cmake',
    ['--build', tree, '--config', configuration, '--parallel', String(jobs)],
  ],
};

/**
 * Builds the loader, and the addon for a libtorch, as CMakeLists.txt describes them.
 *
 * @throws CommandError with what to do, as far as that is known
 */
export async function buildAddons(build: NativeBuild): Promise<void> {
  const { libtorch, tree, output, configuration, strip, driver = CMAKE } = build;
  await configure(build, driver);
  await mustRun('Compiling the addon', ...driver.compile(build, jobs()));
  const staged = path.join(tree, 'installed');
  await mustRun(
    'Installing the addon',
    'cmake',
    [
      '--install',
      tree,
      '--config',
      configuration,
      '--prefix',
      staged,
      ...(strip ? ['--strip'] : []),
    ],
    { quiet: true },
  );
  install(path.join(staged, 'loader.node'), outputFolder(output, 'loader'));
  install(path.join(staged, 'torch_losses.node'), outputFolder(output, addonFor(libtorch.version)));
}

// CMake refuses a tree made for another place or by another generator; then a new one is begun.
async function configure(build: NativeBuild, driver: Driver): Promise<void> {
  const begun = existsSync(path.join(build.tree, 'CMakeCache.txt'));
  const command = [...driver.configure(build, settings(build)), { quiet: true }] as const;
  const { status, output } = await run(...command);
  if (status === 0) {
    return;
  }
  if (!begun) {
    throw new CommandError(
      `Configuring the addon's build failed:\n\n${output.trim()}`,
      adviceFor(output),
    );
  }
  rmSync(build.tree, { recursive: true, force: true });
  await mustRun("Configuring the addon's build", ...command);
}

function settings({ libtorch, warningsAsErrors }: NativeBuild): Record<string, string> {
  return {
    LIBTORCH: libtorch.directory,
    NODE_API_INCLUDE: nodeApiHeaders().join(';'),
    TORCH_LOSSES_WERROR: warningsAsErrors ? 'ON' : 'OFF',
  };
}

// Returns the folders of the Node-API headers, which are dependencies of this package.
function nodeApiHeaders(): string[] {
  const folderOf = (name: string) => path.dirname(require.resolve(`${name}/package.json`));
  return [path.join(folderOf('node-api-headers'), 'include'), folderOf('node-addon-api')];
}

function hasNinja(): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.some((folder) => existsSync(path.join(folder, 'ninja')));
}

// Returns the number of files to compile at a time. Each takes up to 2 GB, because of libtorch's headers. In a
// container, its memory limit counts.
function jobs(): number {
  const bytes = Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const memory = Math.floor(bytes / 2 ** 31);
  return (
    Number(process.env['TORCH_LOSSES_JOBS']) ||
    Math.max(1, Math.min(os.availableParallelism(), memory))
  );
}

// Installs by renaming. A process that uses the old addon keeps it, and none sees an incomplete file.
function install(file: string, folder: string): void {
  makeFolder(folder);
  const finished = path.join(folder, path.basename(file));
  const unfinished = `${finished}.unfinished-${process.pid}`;
  copyFileSync(file, unfinished);
  renameSync(unfinished, finished);
}
