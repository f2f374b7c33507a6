// What gcov counted in native/, from the objects of the build `Coverage`.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './checkout.mjs';

/**
 * By file of native/: `{ lines: [covered, total], branches: [covered, total], missed: number[] }`.
 * Branches that only an exception takes are left out: almost every C++ call has one.
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
  return Object.fromEntries([...counts].map(([file, lines]) => [file, summary(lines)]));
}

// A line of a template or a header is counted once for each use; it is covered where one of them is.
function add(counts, file, lines) {
  const name = path.relative(ROOT, path.resolve(ROOT, file));
  if (!name.startsWith('native/')) return;
  if (!counts.has(name)) counts.set(name, new Map());
  const known = counts.get(name);
  for (const { line_number, count, branches } of lines) {
    const line = known.get(line_number) ?? { count: 0, branches: new Map() };
    known.set(line_number, line);
    line.count += count;
    const real = branches.filter(({ throw: isThrow }) => !isThrow);
    for (const [index, branch] of real.entries()) {
      const key = `${index} of ${real.length}`;
      line.branches.set(key, (line.branches.get(key) ?? 0) + branch.count);
    }
  }
}

function summary(lines) {
  const all = [...lines.values()];
  const branches = all.flatMap(({ branches }) => [...branches.values()]);
  return {
    lines: [all.filter(({ count }) => count > 0).length, all.length],
    branches: [branches.filter((count) => count > 0).length, branches.length],
    missed: [...lines].filter(([, { count }]) => count === 0).map(([number]) => number),
  };
}
