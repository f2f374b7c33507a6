/** How modules print. */
import type { Module } from './module';

/**
 * Python's `repr` of a module: its name, then what describes it, then its submodules, each indented.
 *
 * @param extra - `extra_repr()`; one line of it stands in the parentheses where there are no submodules
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

/** As `reprOf`, with equal submodules in a row counted: `(0-2): 3 x Linear(…)`. */
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
