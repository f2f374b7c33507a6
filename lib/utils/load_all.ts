/** Loading of what re-exports would load on first use. */

/**
 * Loads all of some modules under Jest. After `jest.resetModules()`, Jest would load the rest of this copy of the package
 * as parts of another copy.
 *
 * @param modules - return the modules
 */
export function loadAllUnderJest(...modules: readonly (() => object)[]): void {
  if (process.env['JEST_WORKER_ID'] === undefined) return;
  const seen = new Set<object>();
  for (const load of modules) loadAll(load(), seen);
}

function loadAll(namespace: object, seen: Set<object>): void {
  if (seen.has(namespace)) return;
  seen.add(namespace);
  for (const value of Object.values(namespace)) {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__esModule'))
      loadAll(value, seen);
  }
}
