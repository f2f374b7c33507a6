// The addons in the package. prebuildify makes them, and node-gyp-build finds them.
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import prebuildify from 'prebuildify';

import { BUILD, ROOT } from './checkout.mjs';
import { portabilityProblems } from './portability.mjs';
import { hashOf } from './stamp.mjs';
import { library } from './typescript.mjs';

// node-gyp deletes the build folder in the current folder. In this folder, that is not the checkout's.
const STAGE = path.join(BUILD, 'prebuildify');
const STAGED = ['binding.gyp', 'CMakeLists.txt', 'scripts'];
const PLATFORM = `${process.platform}-${process.arch}`;
// The file next to a prebuilt addon with the hash of its sources.
const STAMP = 'sources.sha256';

/** Returns whether a prebuilt addon exists for the current sources. */
export async function isPrebuilt(name) {
  const folder = await folderOf(name);
  try {
    const files = readdirSync(folder);
    const stamp = readFileSync(path.join(folder, STAMP), 'utf8');
    return files.some((file) => file.endsWith('.node')) && stamp === hashOfSources();
  } catch {
    return false;
  }
}

/**
 * Makes the prebuilt addons for a libtorch: the loader, and the addon of its minor version.
 *
 * @param {{ directory: string, version: string }} libtorch
 * @returns {Promise<string[]>} the reasons why the addons do not work on every system on which that libtorch does. An
 *   addon with such a problem counts as missing for {@link isPrebuilt}
 */
export async function prebuild(libtorch) {
  const { addonFor } = await library('bindings/libtorch/addons');
  const problems = [];
  for (const name of ['loader', addonFor(libtorch.version)]) {
    problems.push(...(await prebuildOne(name, libtorch)));
  }
  return problems;
}

async function prebuildOne(name, libtorch) {
  stage();
  const folder = await folderOf(name);
  rmSync(folder, { recursive: true, force: true });
  // scripts/build.mjs reads these variables.
  Object.assign(process.env, { LIBTORCH: libtorch.directory, TORCH_LOSSES_PREBUILD: name });
  await promisify(prebuildify)({
    cwd: STAGE,
    out: path.resolve(folder, '..', '..'),
    name: 'torch-losses',
    // One addon works with every version of Node. The target is the version whose node-gyp runs.
    napi: true,
    targets: [{ runtime: 'node', target: process.versions.node }],
    tagLibc: true,
  });
  const addons = readdirSync(folder).map((file) => path.join(folder, file));
  const problems = addons.flatMap((addon) => portabilityProblems(addon, libtorch.directory));
  if (problems.length === 0) {
    writeFileSync(path.join(folder, STAMP), hashOfSources());
  }
  return problems;
}

function stage() {
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(STAGE, { recursive: true });
  for (const name of STAGED) {
    symlinkSync(path.join(ROOT, name), path.join(STAGE, name));
  }
}

async function folderOf(name) {
  const { PACKAGED_FOLDER } = await library('bindings/libtorch/addons');
  return path.join(PACKAGED_FOLDER, name, 'prebuilds', PLATFORM);
}

function hashOfSources() {
  return hashOf({ files: ['native', 'CMakeLists.txt'] });
}
