import { attributeError } from '../errors';

/** The minor versions of libtorch that the native code supports. The guide to installing says which were tested. */
export const SUPPORTED_VERSIONS = ['2.11', '2.12', '2.13', '2.14'] as const;

/** Returns whether a version such as `2.13.0+cpu` belongs to one of the {@link SUPPORTED_VERSIONS}. */
export function isSupported(version: string): boolean {
  const supported: readonly string[] = SUPPORTED_VERSIONS;
  return supported.includes(minorVersion(version));
}

/** Returns whether a version is this minor version or a later one. */
export function isSince(minor: string, version: string): boolean {
  const [major = 0, least = 0] = minor.split('.').map(Number);
  const [given = 0, after = 0] = minorVersion(version).split('.').map(Number);
  return given > major || (given === major && after >= least);
}

/** Returns the minor version: `2.13` for `2.13.0+cpu`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.');
}

/**
 * Returns the error for a name of torch that this version of libtorch lacks. It has Python's class, and says which
 * version has the name.
 */
export function lacking(module: string, name: string, minor: string, version: string): Error {
  const since = `it came with libtorch ${minor}, and this is ${version}`;
  return attributeError(`module '${module}' has no attribute '${name}': ${since}`);
}
