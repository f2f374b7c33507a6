// TypeScript's output.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { DIST, tool } from './checkout.mjs';
import { mustRun, run } from './run.mjs';
import { hashOf, unlessDone } from './stamp.mjs';

/** Compiles lib/ into dist/. */
export async function compileLibrary() {
  await compile('lib', '.', DIST, ['lib', 'tsconfig.json']);
}

/** Compiles a folder of TypeScript with the tsconfig.json of its project, unless that has been done. */
export async function compile(what, project, output, inputs) {
  const hash = hashOf({ files: [...inputs, 'package-lock.json'] });
  await unlessDone(path.join(output, '.stamp'), hash, async () => {
    console.log(`Compiling ${what}`);
    rmSync(output, { recursive: true, force: true });
    mkdirSync(output);
    await mustRun(`Compiling ${what}`, ...tsc(project));
  });
}

/** How lib/libtorch, the part of the library that the set-up itself uses, is called from here. */
export async function findLibtorch() {
  const module = path.join(DIST, 'libtorch', 'find.js');
  if (!existsSync(module)) {
    await run(...tsc('.')); // writes what compiles, whatever else does not
  }
  return createRequire(import.meta.url)(module).findLibtorch();
}

/** Checks the types of a project without writing anything. */
export async function checkTypes(project) {
  await mustRun(`Checking the types of ${project}`, ...tsc(project, '--noEmit'));
}

function tsc(project, ...args) {
  return [
    process.execPath,
    [tool('typescript', 'bin', 'tsc'), '--project', project, '--pretty', ...args],
  ];
}
