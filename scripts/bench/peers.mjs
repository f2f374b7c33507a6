// The JavaScript libraries that are compared. They are not dependencies of the package, and are installed in a folder
// that git ignores.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { BUILD } from '../lib/checkout.mjs';
import { run } from '../lib/run.mjs';
import { unlessDone } from '../lib/stamp.mjs';

const VERSIONS = {
  '@jax-js/jax': '0.1.25',
  '@tensorflow/tfjs': '4.22.0',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
};

const FOLDER = path.join(BUILD, 'bench', 'peers');

/**
 * Installs the libraries.
 *
 * @returns {Promise<string | undefined>} the folder whose node_modules has them, or undefined, with a message, if they
 *   cannot be installed
 */
export async function installPeers() {
  mkdirSync(FOLDER, { recursive: true });
  const manifest = JSON.stringify({ private: true, dependencies: VERSIONS });
  try {
    await unlessDone(path.join(FOLDER, '.stamp'), manifest, async () => {
      console.log('Installing the JavaScript peers');
      writeFileSync(path.join(FOLDER, 'package.json'), manifest);
      const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
      const { status } = await run('npm', ['install', '--prefix', FOLDER, ...options]);
      if (status !== 0) {
        throw new Error(`npm install ended with status ${status}`);
      }
    });
    return FOLDER;
  } catch (error) {
    console.warn(`NOTE: without TensorFlow.js and jax-js: ${error.message}`);
    return undefined;
  }
}
