/**
 * Defines an export that is loaded when it is first read. A module with such an export declares it, as a constant for
 * its values and as a namespace for its types.
 */
export function onFirstUse(exports: object, name: string, load: () => unknown): void {
  let value: unknown;
  Object.defineProperty(exports, name, {
    enumerable: true,
    configurable: true,
    // `export *` copies this accessor, so it is still called after the definition of the value.
    get() {
      if (value !== undefined) return value;
      value = load();
      Object.defineProperty(exports, name, { enumerable: true, value });
      return value;
    },
  });
}

/** Does the same for several exports of files: each file with the names, separated by spaces. */
export function namesOnFirstUse(
  exports: object,
  files: readonly (readonly [load: () => Record<string, unknown>, names: string])[],
): void {
  for (const [load, names] of files) {
    for (const name of names.split(' ')) onFirstUse(exports, name, () => load()[name]);
  }
}
