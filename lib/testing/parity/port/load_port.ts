/** Loads a port: the function of a file of JavaScript or TypeScript. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { valueError } from '../../../bindings/errors';
import type { Port } from './run';

/**
 * @returns the default export, or the one that is named `port`
 * @throws RangeError (ValueError) for a file without such a function, and for TypeScript that nothing here can run; what
 *   the file throws
 */
export async function loadPort(file: string): Promise<Port> {
  const url = pathToFileURL(path.resolve(file)).href;
  const loaded = /\.[cm]?ts$/.test(file) ? await importTypeScript(url, file) : await import(url);
  // CommonJS that was compiled from an ECMAScript module has its exports in `default`.
  const { default: main, port } = loaded as { default?: unknown; port?: unknown };
  const inner = main as { default?: unknown; port?: unknown } | undefined;
  const found = [main, port, inner?.default, inner?.port].find((one) => typeof one === 'function');
  if (found) return found as Port;
  throw valueError(`${file} exports no function: a port is \`export default (run) => { … }\``);
}

async function importTypeScript(url: string, file: string): Promise<unknown> {
  if ((process.features as { typescript?: unknown }).typescript) return import(url);
  const tsx = tsxFrom([path.dirname(path.resolve(file)), process.cwd()]);
  if (!tsx) {
    throw valueError(
      `${file} is TypeScript, which Node ${process.version} does not run: use Node 22.18 or later, install tsx, or compile it to JavaScript`,
    );
  }
  const { tsImport } = (await import(pathToFileURL(tsx).href)) as {
    tsImport(url: string, parent: string): Promise<unknown>;
  };
  return tsImport(url, url);
}

function tsxFrom(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    try {
      const { resolve } = createRequire(path.join(folder, 'port.js'));
      // A file that require() finds is CommonJS, and lies beside the ECMAScript module.
      return resolve('tsx/esm/api').replace(/\.cjs$/, '.mjs');
    } catch {}
  }
  return undefined;
}
