/** Finds and runs the examples in the doc comments of losses and in the guides. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

import { nn } from 'torch-losses';

import { ROOT } from './root';

/** The documentation of a loss. */
interface DocumentedLoss {
  name: string;
  examples: string[];
  /** The type of each parameter of the constructor. */
  options: ReadonlyMap<string, { type: string }>;
}

/** The functions of scripts/docs/comments.mjs. */
interface Comments {
  lossNames(namespace: object): string[];
  readLosses(names: string[]): DocumentedLoss[];
  codeBlocks(markdown: string): string[];
}

const comments = (): Promise<Comments> =>
  import(pathToFileURL(join(ROOT, 'scripts', 'docs', 'comments.mjs')).href);

let losses: readonly DocumentedLoss[] | undefined;

/** Returns the documentation of all losses. */
export async function documentedLosses(): Promise<readonly DocumentedLoss[]> {
  const { lossNames, readLosses } = await comments();
  losses ??= readLosses(lossNames(nn));
  return losses;
}

/** Returns the examples by name: `MSELoss-1`, `servers-2`. */
export async function codeOf(where: {
  losses?: boolean;
  guides: readonly string[];
}): Promise<Map<string, string>> {
  const { codeBlocks } = await comments();
  const guides = where.guides.map((name) => {
    const text = readFileSync(join(ROOT, 'docs', 'guides', `${name}.md`), 'utf8');
    return { name, examples: codeBlocks(text) };
  });
  const documented = where.losses ? await documentedLosses() : [];
  return new Map(
    [...documented, ...guides].flatMap(({ name, examples }) =>
      examples.map((code, index): [string, string] => [`${name}-${index + 1}`, code]),
    ),
  );
}

/**
 * Returns an example as a module that exports the example as a function.
 *
 * @param given - declarations of names that the example uses without defining them
 */
export function asModule(code: string, given = ''): string {
  const lines = code.split('\n');
  const isImport = (line: string): boolean => line.startsWith('import ');
  return [
    "import torch, { nn, optim, Tensor } from 'torch-losses';",
    'const F = nn.functional;',
    given,
    ...lines.filter((line) => isImport(line) && !line.includes("'torch-losses'")),
    'export const run = async (console: { log(...values: unknown[]): void }) => {',
    ...lines.filter((line) => !isImport(line)),
    '};',
  ].join('\n');
}

/** Returns the exports of a compiled module. */
export function load(javascript: string): Record<string, unknown> {
  const exported: Record<string, unknown> = {};
  const require = createRequire(join(ROOT, 'package.json'));
  new Function('require', 'exports', javascript)(require, exported);
  return exported;
}

/** Returns the output of the first program in the README: its first block of text. */
export function firstOutput(): string {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return /^```text\n(.*?)\n```$/ms.exec(text)![1]!;
}

/** Returns the output of a compiled example. */
export async function printed(javascript: string): Promise<string> {
  const lines: string[] = [];
  const { run } = load(javascript) as { run: (console: object) => Promise<void> };
  await run({ log: (...values: unknown[]) => lines.push(format(...values)) });
  return lines.join('\n');
}

/** Returns the output that an example shows: its comments on lines of their own. */
export function shown(code: string): string {
  const comments = code.split('\n').filter((line) => line.startsWith('//'));
  return comments.map((line) => line.replace(/^\/\/ ?/, '')).join('\n');
}
