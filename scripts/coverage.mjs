// `npm run coverage`: runs the tests with an instrumented build, then reports the lines and branches of lib/ (c8) and
// native/ (gcov) that they reach. Fails if a total is below MIN_PERCENT. Arguments are passed to mocha.
import './lib/node-version.mjs';

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { main } from './lib/advice.mjs';
import { BUILD, ROOT, tool } from './lib/checkout.mjs';
import { nativeCoverage } from './lib/gcov.mjs';
import { mustRun, run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

// Some branches in native/ only destroy temporaries, and gcov cannot tell which (lib/gcov.mjs).
const MIN_PERCENT = { lib: { lines: 95, branches: 95 }, native: { lines: 95, branches: 90 } };
// Files that these tests cannot reach, and what runs them instead. They are listed, and left out of the totals.
const ELSEWHERE = {
  'needs a GPU': ['lib/cuda/', 'native/operators/cuda.cc', 'native/operators/cuda_driver.cc'],
  'npm run test:package': [
    'lib/cli/commands/build.ts',
    'lib/cli/commands/setup.ts',
    'lib/cli/native_build.ts',
    'lib/cli/programs.ts',
    'lib/cli/progress.ts',
    'lib/cli/torch_environment.ts',
  ],
};
const COUNTS = path.join(BUILD, 'coverage');

await main(async () => {
  const libtorch = await setUp('Coverage');
  await compileTests();
  const objects = path.join(
    BUILD,
    readdirSync(BUILD).find((name) => /^cmake-Coverage/.test(name)),
  );
  forget(objects);
  const env = {
    ...process.env,
    OMP_WAIT_POLICY: 'PASSIVE',
    TORCH_LOSSES_BUILD: 'Coverage',
    NODE_V8_COVERAGE: path.join(COUNTS, 'v8'),
    ...(libtorch.python && { TORCH_LOSSES_PYTHON: libtorch.python }),
  };
  const mocha = [tool('mocha', 'bin', 'mocha.js'), '--timeout=0', ...process.argv.slice(2)];
  const { status } = await run(process.execPath, mocha, { env, inherit: true });
  const files = { ...(await libCoverage()), ...nativeCoverage(objects) };
  return report(files) ? status : 1;
});

/** Deletes the counts of earlier runs. */
function forget(objects) {
  rmSync(COUNTS, { recursive: true, force: true });
  mkdirSync(COUNTS, { recursive: true });
  for (const name of readdirSync(objects, { recursive: true })) {
    if (name.endsWith('.gcda')) rmSync(path.join(objects, name));
  }
}

/** Returns for each file of lib/: `{ lines: [covered, total], branches: [covered, total] }`. */
async function libCoverage() {
  await mustRun('c8', process.execPath, [
    tool('c8', 'bin', 'c8.js'),
    'report',
    `--temp-directory=${path.join(COUNTS, 'v8')}`,
    `--reports-dir=${COUNTS}`,
    '--reporter=json-summary',
    '--reporter=html',
    '--exclude-after-remap',
    '--include=lib/**',
  ]);
  const summary = JSON.parse(readFileSync(path.join(COUNTS, 'coverage-summary.json'), 'utf8'));
  const { total, ...files } = summary;
  return Object.fromEntries(
    Object.entries(files).map(([file, { lines, branches }]) => [
      path.relative(ROOT, file),
      { lines: [lines.covered, lines.total], branches: [branches.covered, branches.total] },
    ]),
  );
}

/** Returns what runs a file instead of these tests, or undefined. */
function elsewhere(file) {
  return Object.keys(ELSEWHERE).find((what) =>
    ELSEWHERE[what].some((name) => file.startsWith(name)),
  );
}

/** Prints a line for each file and folder. Returns false if a folder has too little coverage. */
function report(files) {
  const sum = (names, key) =>
    names.reduce(([a, b], name) => [a + files[name][key][0], b + files[name][key][1]], [0, 0]);
  const percent = ([covered, total]) => (total === 0 ? 100 : (100 * covered) / total);
  const row = (name, lines, branches, note = '') =>
    console.log(
      `${name.padEnd(56)}${percent(lines).toFixed(1).padStart(8)}${percent(branches).toFixed(1).padStart(10)}  ${note}`.trimEnd(),
    );
  console.log(`\n${'percent of'.padEnd(56)}${'lines'.padStart(8)}${'branches'.padStart(10)}`);
  let isEnough = true;
  for (const folder of ['lib', 'native']) {
    const names = Object.keys(files).filter((name) => name.startsWith(`${folder}/`));
    for (const name of names.sort()) {
      row(name, files[name].lines, files[name].branches, elsewhere(name));
    }
    const here = names.filter((name) => !elsewhere(name));
    const [lines, branches] = [sum(here, 'lines'), sum(here, 'branches')];
    row(`all of ${folder}/ that runs here`, lines, branches);
    row(`all of ${folder}/`, sum(names, 'lines'), sum(names, 'branches'));
    const least = MIN_PERCENT[folder];
    isEnough &&= percent(lines) >= least.lines && percent(branches) >= least.branches;
  }
  writeFileSync(path.join(COUNTS, 'missed.json'), JSON.stringify(missedLines(files), null, 2));
  console.log(
    `\nDetails: ${path.join('build', 'coverage')}/index.html of lib/, missed.json of native/`,
  );
  return isEnough;
}

/** Prints the lines of native/ that no test reaches, or whose branches are not all reached. */
function missedLines(files) {
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, { missed }]) => (missed?.length ? [[name, missed]] : [])),
  );
}
