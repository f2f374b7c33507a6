// Checks that the source files that comments and guides name exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { SetupError } from './advice.mjs';
import { ROOT } from './checkout.mjs';

const FOLDERS = ['lib', 'native', 'test', 'scripts', 'docs', 'examples'];
const NAMED = new RegExp(
  String.raw`(?<![\w/.-])(?:${FOLDERS.join('|')})/[\w./-]+\.(?:ts|mts|mjs|cc|h|py)\b`,
  'g',
);

/** @throws SetupError that lists the names of files that are not there */
export function checkNamedFiles() {
  const missing = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true })
      .filter((name) => /\.(ts|mts|mjs|cc|h|py|md)$/.test(name))
      .flatMap((name) => missingIn(path.join(folder, name))),
  );
  if (missing.length > 0) throw new SetupError(`These files do not exist:\n${missing.join('\n')}`);
}

function missingIn(file) {
  const lines = readFileSync(path.join(ROOT, file), 'utf8').split('\n');
  const from = [ROOT, path.join(ROOT, path.dirname(file))];
  return lines.flatMap((line, index) =>
    [...(line.startsWith('#include') ? [] : line.matchAll(NAMED))]
      .filter(([name]) => !from.some((folder) => existsSync(path.join(folder, name))))
      .map(([name]) => `  ${file}:${index + 1}: ${name}`),
  );
}
