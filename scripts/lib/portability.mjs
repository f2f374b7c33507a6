// Checks what a prebuilt addon needs from the system.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ROOT } from './checkout.mjs';
import { capture } from './run.mjs';

/**
 * Returns the reasons why an addon does not work on every system on which its libtorch works: it needs a newer C or C++
 * library than libtorch, has its own library search paths, or contains paths of this machine.
 *
 * @param {string} addon
 * @param {string} libtorch its directory
 * @returns {string[]} a line for each problem
 */
export function portabilityProblems(addon, libtorch) {
  const problems = [
    ...newerVersions(addon, path.join(libtorch, 'lib', 'libtorch_cpu.so')),
    ...ownPlaces(addon),
    ...pathsInside(addon, [ROOT, libtorch, os.homedir()]),
  ];
  const needs = Object.entries(newestVersions(addon)).map((entry) => entry.join('_'));
  console.log(`${path.relative(ROOT, addon)} needs ${needs.join(', ')}`);
  return problems.map((problem) => `${addon} ${problem}`);
}

function newerVersions(addon, libtorch) {
  const allowed = newestVersions(libtorch);
  return Object.entries(newestVersions(addon))
    .filter(([library, version]) => compare(version, allowed[library] ?? '0') > 0)
    .map(([library, version]) => {
      const symbols = versionedSymbols(addon).filter(
        (symbol) => symbol.library === library && compare(symbol.version, allowed[library]) > 0,
      );
      const names = symbols.map(({ name }) => name).join(', ');
      return `needs ${library}_${version}, libtorch ${allowed[library] ?? 'none'}: ${names}`;
    });
}

/** Returns the newest symbol version of each library that a file needs: `{ GLIBC: '2.28', … }`. */
function newestVersions(file) {
  const newest = {};
  for (const { library, version } of versionedSymbols(file)) {
    if (compare(version, newest[library] ?? '0') > 0) {
      newest[library] = version;
    }
  }
  return newest;
}

function versionedSymbols(file) {
  const undefinedOnes = capture('objdump', ['-T', file])
    .split('\n')
    .filter((line) => line.includes('*UND*'));
  return undefinedOnes.flatMap((line) => {
    const [, library, version, name] = /\(([A-Z]+)_([\d.]+)\)\s+(\S+)$/.exec(line) ?? [];
    return library ? [{ library, version, name }] : [];
  });
}

function compare(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

function ownPlaces(addon) {
  const dynamic = capture('readelf', ['-d', addon]);
  return /R(?:UN)?PATH/.test(dynamic) ? ['has an rpath'] : [];
}

function pathsInside(addon, folders) {
  const bytes = readFileSync(addon);
  return folders
    .filter((folder) => folder.length > 1 && bytes.includes(`${folder}/`))
    .map((folder) => `names ${folder}`);
}
