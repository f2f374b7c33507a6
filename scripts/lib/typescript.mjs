// Compiles TypeScript.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { DIST, DIST_EXAMPLES, DIST_TEST, tool } from './checkout.mjs';
import { loadReExportsOnFirstUse } from './re_exports.mjs';
import { mustRun, run } from './run.mjs';
import { hashOf, unlessDone } from './stamp.mjs';

/** Compiles lib/ into dist/. */
export async function compileLibrary() {
  const step = 'scripts/lib/re_exports.mjs';
  await compile('lib', '.', DIST, ['lib', 'tsconfig.json', step], loadReExportsOnFirstUse);
}

/**
 * Compiles a folder of TypeScript with its tsconfig.json, unless that was done before.
 *
 * @param afterwards - changes the output folder
 */
export async function compile(what, project, output, inputs, afterwards = () => {}) {
  const hash = hashOf({ files: [...inputs, 'package-lock.json'] });
  await unlessDone(path.join(output, '.stamp'), hash, async () => {
    console.log(`Compiling ${what}`);
    rmSync(output, { recursive: true, force: true });
    mkdirSync(output);
    await mustRun(`Compiling ${what}`, ...tsc(project));
    afterwards(output);
  });
}

/** Compiles examples/ into dist-examples/. */
export async function compileExamples() {
  const inputs = ['examples', 'lib', 'tsconfig.json', 'package.json'];
  await compile('the examples', 'examples', DIST_EXAMPLES, inputs);
}

/**
 * Compiles test/ into dist-test/, and the examples, which the tests run. Checks the type tests, which pass if they
 * compile.
 */
export async function compileTests() {
  const inputs = ['test', 'lib', 'tsconfig.json', 'package.json'];
  await compile('the tests', 'test', DIST_TEST, inputs);
  await unlessDone(path.join(DIST_TEST, '.types.stamp'), hashOf({ files: inputs }), () =>
    checkTypes('test/types'),
  );
  await compileExamples();
}

/** Returns `findLibtorch` of lib/bindings/libtorch/find.ts. */
export async function findLibtorch() {
  return (await library('bindings/libtorch/find')).findLibtorch();
}

/** Imports a compiled module of lib/ for the set-up. None of these loads libtorch. */
export async function library(name) {
  const module = path.join(DIST, `${name}.js`);
  if (!existsSync(module)) {
    await run(...tsc('.')); // writes what compiles, whatever else does not
  }
  return createRequire(import.meta.url)(module);
}

/** Checks the types of a project without writing output. */
export async function checkTypes(project) {
  await mustRun(`Checking the types of ${project}`, ...tsc(project, '--noEmit'));
}

const colours = process.stdout.isTTY ? ['--pretty'] : [];

function tsc(project, ...args) {
  return [
    process.execPath,
    [tool('typescript', 'bin', 'tsc'), '--project', project, ...colours, ...args],
  ];
}
