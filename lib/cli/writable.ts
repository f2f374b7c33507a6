import { accessSync, constants } from 'node:fs';

import { makeFolder } from '../bindings/libtorch/folders';
import { CommandError } from './errors';

/**
 * Makes a folder before the long work whose results it will contain.
 *
 * @param variable - the environment variable that chooses another folder
 * @throws CommandError that names the folder, if it cannot be made or written to
 */
export function requireWritable(folder: string, variable: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new CommandError(
      `Cannot write to ${folder}: ${(error as Error).message}.`,
      `Make it writable for this user, or set ${variable} to a folder that is.`,
    );
  }
}
