/** The files that patterns name, for shells that do not expand them, and for patterns in quotes. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Expands `*`, `?` and `**` in each pattern, sorted by name. What exists under its own name, and what has none of these,
 * is given back as it is.
 *
 * @returns the patterns that match nothing as `unmatched`
 */
export function expand(patterns: readonly string[]): { files: string[]; unmatched: string[] } {
  const files = new Set<string>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    const isLiteral = !/[*?]/.test(pattern) || statSync(pattern, { throwIfNoEntry: false });
    const found = isLiteral ? [pattern] : matches(pattern);
    if (found.length === 0) unmatched.push(pattern);
    for (const file of found) files.add(file);
  }
  return { files: [...files], unmatched };
}

function matches(pattern: string): string[] {
  const root = path.isAbsolute(pattern) ? '/' : '';
  const parts = pattern.split('/').filter((part) => part !== '');
  return walk(root, parts).sort();
}

function walk(folder: string, [part, ...rest]: readonly string[]): string[] {
  if (part === undefined) return [];
  const isLast = rest.length === 0;
  if (part === '**') {
    return [
      ...walk(folder, isLast ? ['*'] : rest),
      ...entriesOf(folder)
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .flatMap(({ name }) => walk(path.join(folder, name), [part, ...rest])),
    ];
  }
  if (!/[*?]/.test(part)) {
    const file = path.join(folder, part);
    const status = statSync(file, { throwIfNoEntry: false });
    if (isLast) return status?.isFile() ? [file] : [];
    return status?.isDirectory() ? walk(file, rest) : [];
  }
  const wanted = expressionOf(part);
  return entriesOf(folder)
    .filter(({ name }) => wanted.test(name) && (part.startsWith('.') || !name.startsWith('.')))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (isLast) return statSync(file, { throwIfNoEntry: false })?.isFile() ? [file] : [];
      return entry.isDirectory() ? walk(file, rest) : [];
    });
}

function expressionOf(part: string): RegExp {
  const source = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's');
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder || '.', { withFileTypes: true });
  } catch {
    return [];
  }
}
