/** Formats modules. */
import type { Module } from './module';

/**
 * Returns Python's `repr` of a module: its name, its description, and its submodules, indented.
 *
 * @param extra - `extra_repr()`. If it is one line and there are no submodules, it stands between the parentheses
 */
export function reprOf(
  name: string,
  extra: string,
  children: readonly (readonly [string, Module | null])[],
): string {
  const described = extra ? extra.split('\n') : [];
  if (described.length === 1 && children.length === 0) return `${name}(${extra})`;
  const listed = children.map(
    ([key, module]) => `(${key}): ${indented(module ? String(module) : 'None')}`,
  );
  return wrapped(name, [...described, ...listed]);
}

/** Like `reprOf`, but counts equal submodules that follow each other: `(0-2): 3 x Linear(…)`. */
export function listRepr(name: string, modules: readonly (Module | null)[]): string {
  const blocks: { text: string; first: number; count: number }[] = [];
  for (const [index, module] of modules.entries()) {
    const text = module ? String(module) : 'None';
    const last = blocks.at(-1);
    if (last?.text === text) last.count++;
    else blocks.push({ text, first: index, count: 1 });
  }
  const lines = blocks.map(({ text, first, count }) => {
    const line =
      count === 1 ? `(${first}): ${text}` : `(${first}-${first + count - 1}): ${count} x ${text}`;
    return indented(line);
  });
  return wrapped(name, lines);
}

const indented = (text: string): string => text.split('\n').join('\n  ');

const wrapped = (name: string, lines: readonly string[]): string =>
  lines.length === 0 ? `${name}()` : `${name}(\n  ${lines.join('\n  ')}\n)`;
