/** The minor versions of libtorch that the native code compiles against and is tested with. */
export const SUPPORTED_VERSIONS: readonly string[] = ['2.11', '2.12', '2.13', '2.14'];

/** `2.13` of `2.13.0+cpu`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.');
}
