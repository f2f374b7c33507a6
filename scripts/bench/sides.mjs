// The programs that are compared, and the commands that start them.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildLimit, wordsOf } from './limit.mjs';
import { installPeers } from './peers.mjs';
import { Side } from './side.mjs';

/** The names of the sides that use libtorch. All are compared with Python. */
export const TORCH_SIDES = ['addon', 'addon, disposing', 'Python', 'C++ loop', 'own kernels'];
export const PEERS = ['jax-js', 'tfjs wasm', 'tfjs cpu'];

/**
 * Starts all sides that are available.
 *
 * @param {{ directory: string, version: string, python?: string }} libtorch
 * @param {number} threads how many threads each side may use
 * @returns {Promise<{ torch: Side[], peers: Side[] }>}
 */
export async function startSides(libtorch, threads) {
  const limit = await buildLimit(libtorch);
  const peers = await installPeers();
  const node = (name, script, ...args) => ({
    name,
    command: process.execPath,
    args: [program(script), `${threads}`, ...args],
  });
  const [addon, disposing, python, loop, kernels] = TORCH_SIDES;
  const [jax, wasm, cpu] = PEERS;
  return {
    torch: await startAll([
      node(addon, 'addon.mjs'),
      { ...node(disposing, 'addon.mjs'), dispose: true },
      libtorch.python && {
        name: python,
        command: libtorch.python,
        args: [program('python.py'), `${threads}`],
      },
      { name: loop, command: limit, args: [`${threads}`], encode: wordsOf },
      { ...node(kernels, 'addon.mjs'), env: { TORCH_LOSSES_KERNELS: 'on' } },
    ]),
    peers: peers
      ? await startAll([
          node(jax, 'jax.mjs', peers),
          node(wasm, 'tensorflow.mjs', peers, 'wasm'),
          node(cpu, 'tensorflow.mjs', peers, 'cpu'),
        ])
      : [],
  };
}

/** Starts the addon and Python on a device, which are the sides for a GPU. */
export async function startDeviceSides(libtorch, threads, device) {
  const [addon, , python] = TORCH_SIDES;
  return startAll([
    {
      name: addon,
      command: process.execPath,
      args: [program('addon.mjs'), `${threads}`, device],
    },
    libtorch.python && {
      name: python,
      command: libtorch.python,
      args: [program('python.py'), `${threads}`, device],
    },
  ]);
}

function program(name) {
  return path.join(path.dirname(fileURLToPath(import.meta.url)), 'sides', name);
}

// Starts them one after the other. A peer that does not start is left out.
async function startAll(options) {
  const sides = [];
  for (const option of options.filter(Boolean)) {
    try {
      sides.push(await Side.start(option));
    } catch (error) {
      console.warn(`NOTE: without ${option.name}: ${error.message}`);
    }
  }
  return sides;
}
