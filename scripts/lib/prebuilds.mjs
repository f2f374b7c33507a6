// The addons that the package ships. prebuildify makes them, and node-gyp-build finds them.
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import prebuildify from 'prebuildify';

import { BUILD, ROOT } from './checkout.mjs';
import { portabilityProblems } from './portability.mjs';
import { hashOf } from './stamp.mjs';
import { library } from './typescript.mjs';

// node-gyp removes the build folder that it finds: here it finds none of this checkout's.
const STAGE = path.join(BUILD, 'prebuildify');
const STAGED = ['binding.gyp', 'CMakeLists.txt', 'scripts'];
const PLATFORM = `${process.platform}-${process.arch}`;
// Beside a prebuilt addon: the hash of the sources that it was made from.
const STAMP = 'sources.sha256';

/** Whether there is a prebuilt addon of a name, made from the sources as they are now. */
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
 * @returns {Promise<string[]>} why the addons do not work on every system on which that libtorch does; empty
 *   where they do. Addons with such a problem count as missing for {@link isPrebuilt}.
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
  // scripts/build.mjs takes these.
  Object.assign(process.env, { LIBTORCH: libtorch.directory, TORCH_LOSSES_PREBUILD: name });
  await promisify(prebuildify)({
    cwd: STAGE,
    out: path.resolve(folder, '..', '..'),
    name: 'torch-losses',
    // One addon serves every version of Node; the target is the one whose node-gyp runs.
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
