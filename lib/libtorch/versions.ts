/** The minor versions of libtorch that the native code compiles against and is tested with. */
export const SUPPORTED_VERSIONS: readonly string[] = ['2.11', '2.12', '2.13', '2.14'];

/** Whether a version of libtorch is this minor version or a later one. */
export function isSince(minor: string, version: string): boolean {
  return minorVersion(version).localeCompare(minor, 'en', { numeric: true }) >= 0;
}

/** `2.13` of `2.13.0+cpu`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.');
}
