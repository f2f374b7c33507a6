/**
 * Throws if a tool has bundled this package without its addons.
 *
 * Every entry point imports this file first, and this file imports nothing of Node. In some bundles such an import
 * fails with a message that does not name the cause.
 */
import { LibtorchError } from './error';

/** The message of the error: how to leave the package out of a bundle, for each tool. */
export const BUNDLED = [
  'torch-losses has been bundled, and a bundle cannot hold its native addons. Leave the package out of the bundle, and install',
  'it where the program runs:',
  '  esbuild                --external:torch-losses',
  "  webpack                externals: { 'torch-losses': 'commonjs torch-losses' }",
  '  ncc                    --external torch-losses',
  "  rollup                 external: ['torch-losses']",
  "  Vite                   ssr: { external: ['torch-losses'] }",
  "  Next                   serverExternalPackages: ['torch-losses']",
  "  a single executable    require('node:module').createRequire(process.execPath)('torch-losses')",
].join('\n');

// A bundle of ECMAScript modules has no __filename, so the addons cannot be found in it.
if (typeof __filename === 'undefined') {
  throw new LibtorchError(BUNDLED, 'ERR_TORCH_NOT_FOUND');
}
