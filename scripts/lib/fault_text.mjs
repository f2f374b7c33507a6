// Puts deliberate faults into sources. A fault's text is found whatever the line breaks, the spaces and the comments
// between its words are.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { SetupError } from './advice.mjs';
import { ROOT } from './checkout.mjs';

const WORD = /^\w/;
const GAP = String.raw`(?:\s|//.*\n|/\*[\s\S]*?\*/)`;

/**
 * Puts faults into the sources of this checkout.
 *
 * @param {{ file: string, what: string, from: string, to: string }[]} faults
 * @param {(number: number, file: string) => string} condition returns the code that replaces FAULT
 * @returns {Map<string, string>} the text of each changed file
 * @throws SetupError that names each fault whose text is not in its file exactly once
 */
export function withFaults(faults, condition) {
  const changed = new Map();
  const problems = [];
  for (const [index, { file, what, from, to }] of faults.entries()) {
    const text = changed.get(file) ?? readFileSync(path.join(ROOT, file), 'utf8');
    const found = text.match(patternOf(from))?.length ?? 0;
    if (found !== 1) {
      problems.push(`fault ${index + 1} (${what}): its text is ${found} times in ${file}`);
      continue;
    }
    const put = to.replaceAll('FAULT', condition(index + 1, file));
    changed.set(
      file,
      text.replace(patternOf(from), () => put),
    );
  }
  if (problems.length > 0) {
    throw new SetupError(
      `Faults that do not apply:\n  ${problems.join('\n  ')}`,
      'Adapt them to the changed sources, in scripts/lib.',
    );
  }
  return changed;
}

function patternOf(text) {
  const tokens = text.match(/\w+|[^\w\s]/g);
  const parts = tokens.map((token, index) => {
    const betweenWords = WORD.test(token) && WORD.test(tokens[index - 1] ?? '');
    const gap = index === 0 ? '' : `${GAP}${betweenWords ? '+' : '*'}`;
    return gap + token.replace(/[^\w]/, '\\$&');
  });
  const start = WORD.test(tokens[0]) ? String.raw`\b` : '';
  const end = WORD.test(tokens.at(-1)) ? String.raw`\b` : '';
  return new RegExp(start + parts.join('') + end, 'g');
}
