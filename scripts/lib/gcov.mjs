// Reads the counts of gcov for native/, from the objects of the build `Coverage`.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './checkout.mjs';

/** Matches lines whose branches nobody wrote, or that only a GPU decides. */
const NOT_DECIDED_HERE = [/^\}? ?catch\b/, /^(static|thread_local)\b/, /cuda/i];

/**
 * Returns for each file of native/: `{ lines: [covered, total], branches: [covered, total], missed: number[] }`.
 * `missed` has the numbers of lines that are not covered, or not in all branches.
 *
 * The compiler adds branches for exceptions: around almost every call, at every catch, and where objects are destroyed.
 * These are left out:
 * - the two branches after a call, one of which is an exception;
 * - all branches on lines with only brackets or `catch`;
 * - decisions that never ran on a line that did, since either they belong to an exception, or the branch to them counts
 *   as missing;
 * - the initialization of static variables, and decisions that ask for a GPU.
 *
 * Branches that destroy a temporary of one side of an expression look like decisions, and are counted.
 */
export function nativeCoverage(objects) {
  const counts = new Map();
  for (const name of readdirSync(objects, { recursive: true })) {
    if (!name.endsWith('.gcda')) continue;
    const output = execFileSync(
      process.env.GCOV || 'gcov',
      ['--json-format', '--stdout', '--branch-probabilities', path.join(objects, name)],
      { encoding: 'utf8', maxBuffer: 2 ** 30 },
    );
    for (const json of output.split('\n').filter(Boolean)) {
      for (const { file, lines } of JSON.parse(json).files) add(counts, file, lines);
    }
  }
  return Object.fromEntries([...counts].map(([file, lines]) => [file, summary(file, lines)]));
}

// A line of a template or header has counts for each use. It is covered if one of them is.
function add(counts, file, lines) {
  const name = path.relative(ROOT, path.resolve(ROOT, file));
  if (!name.startsWith('native/')) return;
  if (!counts.has(name)) counts.set(name, new Map());
  const known = counts.get(name);
  for (const { line_number, count, branches } of lines) {
    const line = known.get(line_number) ?? { count: 0, decisions: new Map() };
    known.set(line_number, line);
    line.count += count;
    const made = decisionsOf(branches);
    for (const [index, ways] of made.entries()) {
      const key = `${index} of ${made.length}, ${ways.length} ways`;
      const sum = line.decisions.get(key) ?? ways.map(() => 0);
      line.decisions.set(
        key,
        sum.map((before, way) => before + ways[way]),
      );
    }
  }
}

/**
 * Returns the counts of each decision's branches: two for a condition (gcov lists the fall-through first), more for a
 * switch.
 */
function decisionsOf(branches) {
  const groups = [];
  for (const branch of branches) {
    const last = groups.at(-1);
    const isFull = last?.length === 2 && last[0].fallthrough;
    if (last === undefined || branch.fallthrough || isFull) groups.push([branch]);
    else last.push(branch);
  }
  return groups
    .filter((ways) => ways.length > 1 && !ways.some((way) => way.throw))
    .map((ways) => ways.map((way) => way.count));
}

function summary(file, counted) {
  const source = readFileSync(path.join(ROOT, file), 'utf8').split('\n');
  const textOf = (number) => source[number - 1].trim();
  const lines = [...counted].filter(([number]) => !/^[{}();,\s]*$/.test(textOf(number)));
  const waysOf = ([number, { count, decisions }]) =>
    NOT_DECIDED_HERE.some((pattern) => pattern.test(textOf(number)))
      ? []
      : [...decisions.values()].filter((ways) => count === 0 || ways.some((n) => n > 0)).flat();
  const branches = lines.flatMap(waysOf);
  return {
    lines: [lines.filter(([, { count }]) => count > 0).length, lines.length],
    branches: [branches.filter((count) => count > 0).length, branches.length],
    missed: lines
      .filter((line) => line[1].count === 0 || waysOf(line).includes(0))
      .map(([number]) => number)
      .sort((a, b) => a - b),
  };
}
