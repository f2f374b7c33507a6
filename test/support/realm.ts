/** The package in a realm of its own, as Jest loads it for each test file. */
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';

const INDEX = path.join(__dirname, '..', '..', 'dist', 'index.js');

// Jest gives its contexts these of the main realm, and no other classes.
const shared = { process, Buffer, performance, ArrayBuffer, Uint8Array };

/** Makes a realm whose `torch` is the package, loaded anew. */
export function makeRealm(): vm.Context {
  const realm = vm.createContext({ ...shared });
  realm['torch'] = loader(realm)(INDEX);
  return realm;
}

function loader(realm: vm.Context): (file: string) => unknown {
  const modules = new Map<string, { exports: unknown }>();
  const load = (file: string): unknown => {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const real = createRequire(file);
    const require = (name: string): unknown => {
      const found = real.resolve(name);
      return name.startsWith('.') && found.endsWith('.js') ? load(found) : real(name);
    };
    const source = Module.wrap(readFileSync(file, 'utf8'));
    const body = vm.runInContext(source, realm, { filename: file });
    body(
      module.exports,
      Object.assign(require, { resolve: real.resolve }),
      module,
      file,
      path.dirname(file),
    );
    return module.exports;
  };
  return load;
}
