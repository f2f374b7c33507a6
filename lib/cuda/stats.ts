/** Statistics of allocators, by name. */

/** Returns the available values, sorted by name, as in Python. */
export function byName(
  names: readonly string[],
  values: readonly number[],
): Record<string, number> {
  const entries = values.map((value, at) => [names[at]!, value] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Statistics as nested objects. */
export interface NestedStats {
  [name: string]: number | NestedStats;
}

/** Converts statistics with dotted names to nested objects. */
export function nested(stats: Record<string, number>): NestedStats {
  const outer: NestedStats = {};
  for (const [name, value] of Object.entries(stats)) {
    const path = name.split('.');
    const last = path.pop()!;
    let inner = outer;
    for (const part of path) inner = (inner[part] ??= {}) as NestedStats;
    inner[last] = value;
  }
  return outer;
}
