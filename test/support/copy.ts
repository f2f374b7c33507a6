/** A second copy of the package, as two versions in one project would be. */
import { copyFileSync, cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { libtorch } from '../../dist/bindings/native';

const ROOT = path.join(__dirname, '..', '..');

/** Copies the package into a folder. Returns the expression that loads the copy, with the same libtorch and addons. */
export function copyPackage(folder: string): string {
  cpSync(path.join(ROOT, 'dist'), path.join(folder, 'dist'), { recursive: true });
  copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  for (const name of ['addons', 'node_modules']) {
    symlinkSync(path.join(ROOT, name), path.join(folder, name));
  }
  return `(process.env.LIBTORCH ??= ${JSON.stringify(libtorch.directory)}, require(${JSON.stringify(path.join(folder, 'dist', 'index.js'))}))`;
}
