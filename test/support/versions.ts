/** Tests of features that the oldest supported torch lacks. With such a torch, they are skipped with a reason. */
import torch from 'torch-losses';

import { isSince } from '../../dist/bindings/libtorch/versions';

const NEW: readonly (readonly [minor: string, names: RegExp])[] = [
  ['2.13', /linear_?cross_?entropy/i],
];

/** Returns why this torch cannot run code with these names, or undefined if it can. */
export function lackOf(code: string): string | undefined {
  const lacking = NEW.find(
    ([minor, names]) => names.test(code) && !isSince(minor, torch.__version__),
  );
  return lacking && `came with torch ${lacking[0]}, and this is ${torch.__version__}`;
}

/** Defines a test. If this torch lacks a name in the title, the test is pending and says so. */
export function itWhereThere(title: string, body: Mocha.AsyncFunc | Mocha.Func): void {
  const lack = lackOf(title);
  if (lack) it(`SKIPPED, it ${lack}: ${title}`);
  else it(title, body as Mocha.Func);
}

/** Defines a suite. If this torch lacks a name in the title, a pending test says so. */
export function describeWhereThere(title: string, body: (this: Mocha.Suite) => void): void {
  const lack = lackOf(title);
  if (lack) describe(title, () => void it(`SKIPPED, it ${lack}`));
  else describe(title, body);
}

/** Returns the rows of a test that this torch can run. The title of the test says how many are left out. */
export function rowsThere<Row>(
  rows: readonly Row[],
  codeOf: (row: Row) => string,
  test: Mocha.Runnable,
): Row[] {
  const lacks = rows.map((row) => lackOf(codeOf(row))).filter((lack) => lack !== undefined);
  if (lacks.length > 0) test.title += ` (SKIPPED ${lacks.length}: what ${lacks[0]})`;
  return rows.filter((row) => !lackOf(codeOf(row)));
}
