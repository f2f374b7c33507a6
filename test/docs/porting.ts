/** Reads the lines of guides that have Python's code beside TypeScript's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Sample } from '../parity/case';
import { ROOT } from './root';

export interface Line {
  name: string;
  python: Sample;
  /** A module that exports the line as a function, which returns the line's result. */
  typescript: string;
}

/** Returns every row of every table, with the code above the table. */
export function readPorting(): Line[] {
  return ['porting', 'modules'].flatMap((name) => {
    const text = readFileSync(join(ROOT, 'docs', 'guides', `${name}.md`), 'utf8');
    return text.split(/^## /m).slice(1).flatMap(linesOf);
  });
}

function linesOf(section: string): Line[] {
  const block = (language: string): string =>
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(section)?.[1] ?? '';
  const rows = Array.from(section.matchAll(/^\| (`.*`) +\| (`.*`) +\|$/gm));
  return rows.map(([, python, typescript], index) => ({
    name: `${section.split('\n')[0]}, ${index + 1}: ${python}`,
    python: inPython(block('python'), statements(python!)),
    typescript: inTypeScript(block('ts'), statements(typescript!)),
  }));
}

/** Returns the statements in a cell, each of which is in backticks. */
const statements = (cell: string): string[] =>
  Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!.replaceAll('\\|', '|'));

function inPython(setup: string, lines: string[]): Sample {
  const last = lines.at(-1)!;
  const name = /^\s*(\w+) = /.exec(last)?.[1];
  const source = [setup, ...(name ? lines : lines.slice(0, -1))].join('\n');
  return { source, outputs: [name ?? last], seed: 0 };
}

function inTypeScript(setup: string, lines: string[]): string {
  const last = lines.at(-1)!;
  const name = /^(?:const|let) (\w+) = /.exec(last)?.[1];
  const body = name
    ? [...lines, `return ${name};`]
    : [...lines.slice(0, -1), `return (${last.replace(/;$/, '')});`];
  return [
    "import torch, { nn, optim, Tensor } from 'torch-losses';",
    'const F = nn.functional;',
    'export const line = (): unknown => {',
    setup,
    ...body,
    '};',
  ].join('\n');
}
