// Compiles the C++ side (sides/limit.cc) with the losses of native/, with the addon's flags.
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { BUILD, ROOT } from '../lib/checkout.mjs';
import { mustRun } from '../lib/run.mjs';
import { hashOf, unlessDone } from '../lib/stamp.mjs';

const OUTPUT = path.join(BUILD, 'bench', 'limit');
const SOURCE = 'scripts/bench/sides/limit.cc';
// The sources of native/ that it needs: the losses, without the kernels of native/kernels/.
const LOSSES = [
  'bindings/python.cc',
  'bindings/warnings.cc',
  'losses/classification.cc',
  'losses/ctc_targets.cc',
  'losses/embedding.cc',
  'losses/reduction.cc',
  'losses/regression.cc',
].map((name) => `native/${name}`);

/**
 * @param {{ directory: string, version: string }} libtorch
 * @returns {Promise<string>} the path of the program
 */
export async function buildLimit({ directory, version }) {
  mkdirSync(OUTPUT, { recursive: true });
  const program = path.join(OUTPUT, `limit-${version}`);
  const sources = [SOURCE, ...LOSSES];
  const headers = headersOfLosses();
  const inputs = hashOf({ files: [...sources, ...headers], strings: [directory] });
  await unlessDone(`${program}.stamp`, inputs, async () => {
    console.log('Compiling the C++ loop: about a minute, when the losses have changed');
    const compiler = process.env.CXX ?? 'g++';
    const objects = [];
    for (const source of sources) {
      const object = path.join(OUTPUT, `${path.basename(source, '.cc')}.o`);
      const inputs = hashOf({ files: [source, ...headers], strings: [directory, version] });
      await unlessDone(`${object}.stamp`, inputs, () =>
        mustRun(`Compiling ${source}`, compiler, [
          ...['-std=c++20', '-O2', '-DNDEBUG', '-D_GLIBCXX_USE_CXX11_ABI=1', '-Inative'],
          ...['-isystem', path.join(directory, 'include')],
          ...['-isystem', path.join(directory, 'include/torch/csrc/api/include')],
          ...['-c', source, '-o', object],
        ]),
      );
      objects.push(object);
    }
    const libraries = path.join(directory, 'lib');
    await mustRun('Linking the C++ loop', compiler, [
      ...objects,
      ...['libtorch_cpu.so', 'libc10.so'].map((name) => path.join(libraries, name)),
      ...[`-Wl,-rpath,${libraries}`, '-o', program],
    ]);
  });
  return program;
}

function headersOfLosses() {
  return readdirSync(path.join(ROOT, 'native'), { recursive: true })
    .filter((name) => name.endsWith('.h'))
    .map((name) => `native/${name}`);
}

/** Formats a request as the words that limit.cc reads. */
export function wordsOf(request) {
  if (!request.prepare) {
    return `run ${request.run}`;
  }
  const { loss, inputs, parameters } = request.prepare;
  const all = [...inputs, ...parameters];
  return ['prepare', loss, Number(request.backward), all.length, ...all.map(wordsOfInput)].join(
    ' ',
  );
}

function wordsOfInput({ uniform, integers, signs, labels, list, grad, shape }) {
  if (list) {
    return ['list', list[0], 0, 0, 1, list.length].join(' ');
  }
  const kind = uniform ? 'uniform' : integers ? 'integers' : signs ? 'signs' : 'labels';
  const [low, high] = uniform ?? integers ?? [labels ?? 0, 0];
  return [kind, low, high, Number(grad ?? false), shape.length, ...shape].join(' ');
}
