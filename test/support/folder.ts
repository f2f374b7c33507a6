/** A temporary folder for the files of a test, removed after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Returns the function that gives the path of a file in the folder. Call it in a `describe`. */
export function temporaryFolder(): (name: string) => string {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  return (name) => path.join(folder, name);
}
