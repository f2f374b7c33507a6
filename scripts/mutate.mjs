// `npm run mutate`: do the tests notice when the losses are wrong? All faults of lib/faults.mjs are
// put into a copy of the package, switched off; then the tests run once for each with that one on,
// and must fail. With numbers as arguments, for those faults alone.
import './lib/node-version.mjs';

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { main, SetupError } from './lib/advice.mjs';
import { BUILD, DIST, DIST_TEST, ROOT, tool } from './lib/checkout.mjs';
import { FAULTS } from './lib/faults.mjs';
import { mustRun, run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

const COPY = path.join(BUILD, 'mutation');
const SWITCH = 'TORCH_LOSSES_FAULT';

await main(async () => {
  const libtorch = await setUp();
  await compileTests();
  copyPackage();
  const native = putIn((number) => `(torch_losses_fault == ${number})`, 'native/');
  putIn((number) => `(process.env.${SWITCH} === '${number}')`, 'dist/');
  await buildAddon(native, libtorch);
  const chosen = process.argv.slice(2).map(Number);
  const numbers = FAULTS.map((_, index) => index + 1).filter(
    (number) => chosen.length === 0 || chosen.includes(number),
  );
  return (await tryAll(numbers, libtorch)) ? 0 : 1;
});

function copyPackage() {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(path.join(COPY, 'build', 'Release'), { recursive: true });
  for (const folder of [DIST, DIST_TEST, path.join(ROOT, 'native')]) {
    cpSync(folder, path.join(COPY, path.basename(folder)), { recursive: true });
  }
  for (const name of ['lib', 'test', 'scripts', 'node_modules', 'package.json']) {
    symlinkSync(path.join(ROOT, name), path.join(COPY, name));
  }
}

/** Puts the faults of one folder into the copy; returns the changed files. */
function putIn(condition, folder) {
  const changed = new Map();
  for (const [index, { file, what, from, to }] of FAULTS.entries()) {
    if (!file.startsWith(folder)) continue;
    const text = changed.get(file) ?? readFileSync(path.join(COPY, file), 'utf8');
    if (text.split(from).length !== 2) {
      throw new SetupError(`Fault ${index + 1} (${what}): its text must be in ${file} once`);
    }
    changed.set(
      file,
      text.replace(from, () => to.replaceAll('FAULT', condition(index + 1))),
    );
  }
  for (const [file, text] of changed) writeFileSync(path.join(COPY, file), text);
  return [...changed.keys()];
}

/** The changed sources, and those that include a changed header. */
function sourcesOf(changed) {
  const headers = changed
    .filter((file) => file.endsWith('.h'))
    .map((file) => file.slice('native/'.length));
  const sources = readdirSync(path.join(COPY, 'native'), { recursive: true })
    .filter((name) => name.endsWith('.cc'))
    .map((name) => `native/${name}`);
  return sources.filter((file) => {
    const text = readFileSync(path.join(COPY, file), 'utf8');
    return changed.includes(file) || headers.some((name) => text.includes(`#include "${name}"`));
  });
}

/** Compiles what the changed files are part of as the release build does, and links it with the rest. */
async function buildAddon(changed, libtorch) {
  const minorVersion = libtorch.version.split('.', 2).join('.');
  const release = path.join(BUILD, `cmake-Release-${minorVersion}`);
  const commands = JSON.parse(readFileSync(path.join(release, 'compile_commands.json'), 'utf8'));
  const header = path.join(COPY, 'fault.h');
  writeFileSync(
    header,
    `#include <cstdlib>\nstatic const int torch_losses_fault = std::getenv("${SWITCH}") ? std::atoi(std::getenv("${SWITCH}")) : 0;\n`,
  );
  const sources = sourcesOf(changed);
  console.log(`Compiling ${sources.length} files with faults`);
  const objects = path.join(COPY, 'objects');
  mkdirSync(objects);
  for (const { file, directory, command } of commands) {
    if (!command.includes('torch_losses.dir')) continue;
    const [compiler, ...words] = command.split(' ');
    const output = words.indexOf('-o');
    const object = path.join(objects, words[output + 1].replaceAll('/', '_'));
    const source = path.relative(ROOT, file);
    if (!sources.includes(source)) {
      cpSync(path.join(directory, words[output + 1]), object);
      continue;
    }
    // No warnings: a fault need not be good code.
    const compiled = ['-w', '-include', header, '-o', object, '-c', path.join(COPY, source)];
    const options = [`-I${path.join(COPY, 'native')}`, ...words.slice(0, output)];
    const cwd = directory;
    await mustRun(`Compiling ${source}`, compiler, [...options, ...compiled], { cwd });
  }
  const built = path.join(BUILD, 'Release');
  const finished = path.join(COPY, 'build', 'Release');
  cpSync(path.join(built, 'loader.node'), path.join(finished, 'loader.node'));
  await mustRun('Linking', process.env.CXX || 'g++', [
    '-shared',
    '-Wl,-z,nodelete',
    '-o',
    path.join(finished, `torch_losses-${minorVersion}.node`),
    ...readdirSync(objects).map((name) => path.join(objects, name)),
    ...['torch_cpu', 'c10'].map((name) => path.join(libtorch.directory, 'lib', `lib${name}.so`)),
  ]);
}

/** Whether the tests pass without a fault, and fail with each. */
async function tryAll(numbers, libtorch) {
  const runTests = (number, tests) => outcomeOf(number, tests, libtorch);
  for (const file of new Set(numbers.map((number) => FAULTS[number - 1].tests[0]))) {
    const { passed, output } = await runTests(0, [file, '']);
    if (!passed) throw new SetupError(`${file} fails without any fault:\n${output}`);
  }
  let caught = 0;
  for (const number of numbers) {
    const { what, tests } = FAULTS[number - 1];
    const isCaught = !(await runTests(number, tests)).passed;
    caught += isCaught ? 1 : 0;
    console.log(`${isCaught ? 'caught' : 'MISSED'}  ${String(number).padStart(2)}  ${what}`);
  }
  console.log(`${caught} of ${numbers.length} faults caught`);
  return caught === numbers.length;
}

async function outcomeOf(number, [file, grep], libtorch) {
  const mocha = [
    tool('mocha', 'bin', 'mocha.js'),
    '--no-config',
    '--no-package',
    '--bail',
    '--timeout=0',
    `--grep=${grep}`,
    path.join(COPY, 'dist-test', `${file}.test.js`),
  ];
  const env = {
    ...process.env,
    OMP_WAIT_POLICY: 'PASSIVE',
    [SWITCH]: String(number),
    TORCH_LOSSES_PYTHON: libtorch.python,
    LIBTORCH: libtorch.directory, // the copy has no set-up of its own
  };
  const { status, output } = await run(process.execPath, mocha, { env, quiet: true });
  // A test must have failed, and not what goes before it: an addon that does not load catches nothing.
  if (
    !/[1-9]\d* (passing|failing)/.test(output) ||
    /"(before|after) (all|each)" hook/.test(output)
  ) {
    throw new SetupError(`No test of ${file} ran for "${grep}":\n${output}`);
  }
  return { passed: status === 0, output };
}
