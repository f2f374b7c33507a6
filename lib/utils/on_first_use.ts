/**
 * Defines an export that is loaded when it is first read. A module with such an export declares it, as a constant for
 * its values and as a namespace for its types.
 */
export function onFirstUse(exports: object, name: string, load: () => unknown): void {
  Object.defineProperty(exports, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = load();
      Object.defineProperty(exports, name, { enumerable: true, value });
      return value;
    },
  });
}
