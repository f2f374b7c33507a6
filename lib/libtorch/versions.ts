/** The minor versions of libtorch that the native code compiles against and is tested with. */
export const SUPPORTED_VERSIONS: readonly string[] = ['2.11', '2.12', '2.13', '2.14'];

/** Whether a version of libtorch is this minor version or a later one. */
export function isSince(minor: string, version: string): boolean {
  const [major = 0, least = 0] = minor.split('.').map(Number);
  const [given = 0, after = 0] = minorVersion(version).split('.').map(Number);
  return given > major || (given === major && after >= least);
}

/** `2.13` of `2.13.0+cpu`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.');
}
