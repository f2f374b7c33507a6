/** What torch has since a release that is not the oldest supported one: tests of it are skipped before, and say why. */
import torch from 'torch-losses';

import { isSince } from '../../dist/bindings/libtorch/versions';

const NEW: readonly (readonly [minor: string, names: RegExp])[] = [
  ['2.13', /linear_?cross_?entropy/i],
];

/** Why this torch cannot run code that has these names, Python's or ours; undefined where it can. */
export function lackOf(code: string): string | undefined {
  const lacking = NEW.find(
    ([minor, names]) => names.test(code) && !isSince(minor, torch.__version__),
  );
  return lacking && `came with torch ${lacking[0]}, and this is ${torch.__version__}`;
}

/** A test; where this torch lacks a name that is in its title, a pending one that says so. */
export function itWhereThere(title: string, body: Mocha.AsyncFunc | Mocha.Func): void {
  const lack = lackOf(title);
  if (lack) it(`SKIPPED, it ${lack}: ${title}`);
  else it(title, body as Mocha.Func);
}

/** A suite; where this torch lacks a name that is in its title, a pending test that says so. */
export function describeWhereThere(title: string, body: (this: Mocha.Suite) => void): void {
  const lack = lackOf(title);
  if (lack) describe(title, () => void it(`SKIPPED, it ${lack}`));
  else describe(title, body);
}

/** The rows of a test that this torch can run; how many it cannot, the test's title says. */
export function rowsThere<Row>(
  rows: readonly Row[],
  codeOf: (row: Row) => string,
  test: Mocha.Runnable,
): Row[] {
  const lacks = rows.map((row) => lackOf(codeOf(row))).filter((lack) => lack !== undefined);
  if (lacks.length > 0) test.title += ` (SKIPPED ${lacks.length}: what ${lacks[0]})`;
  return rows.filter((row) => !lackOf(codeOf(row)));
}
