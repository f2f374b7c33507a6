// `npm run mutate`: checks that the tests notice when a loss is wrong. Puts all faults of lib/faults.mjs into a copy of
// the package, switched off. Then runs the tests once for each fault, with that one switched on; they must fail.
// Numbers as arguments select faults. With --kernels, the faults are those of lib/kernel_faults.mjs in own kernels, and
// the self-test of each kernel must find them.
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
import { withFaults } from './lib/fault_text.mjs';
import { FAULTS as LOSS_FAULTS } from './lib/faults.mjs';
import { KERNEL_FAULTS } from './lib/kernel_faults.mjs';
import { mustRun, run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests, library } from './lib/typescript.mjs';

const COPY = path.join(BUILD, 'mutation');
const SWITCH = 'TORCH_LOSSES_FAULT';

const ARGUMENTS = process.argv.slice(2);
const OF_KERNELS = ARGUMENTS.includes('--kernels');
const FAULTS = OF_KERNELS ? KERNEL_FAULTS : LOSS_FAULTS;

await main(async () => {
  const libtorch = await setUp();
  await compileTests();
  copyPackage();
  await buildAddon(await putIn(), libtorch);
  const chosen = ARGUMENTS.filter((argument) => argument !== '--kernels').map(Number);
  const numbers = FAULTS.map((_, index) => index + 1).filter(
    (number) => chosen.length === 0 || chosen.includes(number),
  );
  const isCaught = OF_KERNELS ? selfTestsFind : testsFail;
  await (OF_KERNELS ? checkSelfTests : checkTests)(numbers, libtorch);
  return (await tryAll(numbers, (number) => isCaught(number, libtorch))) ? 0 : 1;
});

function copyPackage() {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  for (const folder of [DIST, DIST_TEST, path.join(ROOT, 'native')]) {
    cpSync(folder, path.join(COPY, path.basename(folder)), { recursive: true });
  }
  for (const name of ['lib', 'test', 'scripts', 'node_modules', 'package.json']) {
    symlinkSync(path.join(ROOT, name), path.join(COPY, name));
  }
}

/** Puts the faults into the copy. Returns the changed files of native/. */
async function putIn() {
  const isOn = (number, file) =>
    file.startsWith('native/')
      ? `(torch_losses_fault == ${number})`
      : `(process.env.${SWITCH} === '${number}')`;
  const changed = withFaults(FAULTS, isOn);
  for (const [file, text] of changed) {
    if (file.startsWith('native/')) writeFileSync(path.join(COPY, file), text);
    else
      await compileInto(path.join(COPY, file.replace(/^lib/, 'dist').replace(/ts$/, 'js')), text);
  }
  return [...changed.keys()].filter((file) => file.startsWith('native/'));
}

/** Compiles a file of lib/ as tsc does, but does not check its types. */
async function compileInto(output, text) {
  const { default: ts } = await import('typescript'); // the set-up installs it
  const compilerOptions = { target: 'es2022', module: 'commonjs', esModuleInterop: true };
  writeFileSync(output, ts.transpileModule(text, { compilerOptions }).outputText);
}

/** Returns the changed sources, and the sources that include a changed header, directly or through others. */
function sourcesOf(changed) {
  const names = readdirSync(path.join(COPY, 'native'), { recursive: true });
  const texts = names
    .filter((name) => /\.(cc|h)$/.test(name))
    .map((name) => [`native/${name}`, readFileSync(path.join(COPY, 'native', name), 'utf8')]);
  const affected = new Set(changed);
  for (let size = 0; size < affected.size; ) {
    size = affected.size;
    for (const [file, text] of texts) {
      const includes = [...text.matchAll(/#include "(.+)"/g)].map(([, name]) => `native/${name}`);
      if (includes.some((name) => affected.has(name))) affected.add(file);
    }
  }
  return [...affected].filter((file) => file.endsWith('.cc'));
}

/** Compiles the changed files and links the addon, with the flags of the release build. */
async function buildAddon(changed, libtorch) {
  const { addonFor, outputFolder } = await library('bindings/libtorch/addons');
  const addon = addonFor(libtorch.version);
  const release = path.join(BUILD, `cmake-Release-${addon}`);
  const commands = JSON.parse(readFileSync(path.join(release, 'compile_commands.json'), 'utf8'));
  const header = path.join(COPY, 'fault.h');
  writeFileSync(
    header,
    `#include <cstdlib>\nstatic const int torch_losses_fault = std::getenv("${SWITCH}") ? std::atoi(std::getenv("${SWITCH}")) : 0;\n`,
  );
  const sources = new Set(sourcesOf(changed).map((file) => path.join(ROOT, file)));
  console.log(`Compiling ${sources.size} files with faults`);
  const objects = [];
  for (const { file, command } of commands) {
    const [compiler, ...words] = command.split(' ');
    const end = words.indexOf('-o');
    const built = words[end + 1]; // relative to the tree
    if (!built.includes('torch_losses.dir') || !file.endsWith('.cc')) continue;
    if (!sources.has(file)) {
      objects.push(path.join(release, built));
      continue;
    }
    const object = path.join(COPY, 'objects', built);
    objects.push(object);
    mkdirSync(path.dirname(object), { recursive: true });
    const name = path.relative(ROOT, file);
    // The copy's headers come first. Warnings are off, because faults may cause some.
    const first = [`-I${path.join(COPY, 'native')}`, ...words.slice(0, end), '-w'];
    const source = ['-include', header, '-o', object, '-c', path.join(COPY, name)];
    await mustRun(`Compiling ${name}`, compiler, [...first, ...source]);
  }
  const output = path.join(COPY, 'addons');
  for (const name of ['loader', addon]) {
    mkdirSync(outputFolder(output, name), { recursive: true });
  }
  cpSync(
    path.join(outputFolder(path.join(ROOT, 'addons'), 'loader'), 'loader.node'),
    path.join(outputFolder(output, 'loader'), 'loader.node'),
  );
  await mustRun('Linking', process.env.CXX || 'g++', [
    '-shared',
    '-Wl,-z,nodelete',
    '-o',
    path.join(outputFolder(output, addon), 'torch_losses.node'),
    ...objects,
    ...['torch_cpu', 'c10'].map((name) => path.join(libtorch.directory, 'lib', `lib${name}.so`)),
  ]);
}

/** Tries each fault, and returns whether it is caught. */
async function tryAll(numbers, isCaught) {
  let caught = 0;
  for (const number of numbers) {
    const found = await isCaught(number);
    caught += found ? 1 : 0;
    console.log(
      `${found ? 'caught' : 'MISSED'}  ${String(number).padStart(2)}  ${FAULTS[number - 1].what}`,
    );
  }
  console.log(`${caught} of ${numbers.length} faults caught`);
  return caught === numbers.length;
}

/** Throws unless the tests pass without a fault. */
async function checkTests(numbers, libtorch) {
  for (const file of new Set(numbers.map((number) => FAULTS[number - 1].tests[0]))) {
    const { passed, output } = await outcomeOf(0, [file, ''], libtorch);
    if (!passed) throw new SetupError(`${file} fails without any fault:\n${output}`);
  }
}

async function testsFail(number, libtorch) {
  return !(await outcomeOf(number, FAULTS[number - 1].tests, libtorch)).passed;
}

/** Throws unless the kernels pass their self-tests without a fault. */
async function checkSelfTests(numbers, libtorch) {
  const all = [...new Set(numbers.flatMap((number) => FAULTS[number - 1].kernels))];
  const passed = await passedSelfTests(0, all, libtorch);
  const failed = all.find((kernel) => !passed.includes(kernel));
  if (failed) throw new SetupError(`The kernel of ${failed} fails its self-test without any fault`);
}

async function selfTestsFind(number, libtorch) {
  return (await passedSelfTests(number, FAULTS[number - 1].kernels, libtorch)).length === 0;
}

/** Returns the kernels that pass their self-test with a fault. */
async function passedSelfTests(number, kernels, libtorch) {
  const program = `
    const torch = require('${COPY}/dist/index.js'); torch.set_num_threads(2);
    const { native } = require('${COPY}/dist/bindings/native');
    console.log(JSON.stringify(${JSON.stringify(kernels)}.filter((name) => native.run_kernel_self_test(name))));`;
  const env = { ...process.env, [SWITCH]: String(number), LIBTORCH: libtorch.directory };
  const options = { env, quiet: true };
  const { status, output } = await run(process.execPath, ['-e', program], options);
  if (status !== 0) throw new SetupError(`The self-tests did not run:\n${output}`);
  return JSON.parse(output.trim().split('\n').at(-1));
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
  // A test must have failed. If the addon does not load, that catches nothing.
  if (
    !/[1-9]\d* (passing|failing)/.test(output) ||
    /"(before|after) (all|each)" hook/.test(output)
  ) {
    throw new SetupError(`No test of ${file} ran for "${grep}":\n${output}`);
  }
  return { passed: status === 0, output };
}
