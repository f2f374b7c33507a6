import { readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { types } from 'node:util';

import { type AddonName, addonFor, findAddon, foldersOf, requireAddon } from './addons';
import { BUNDLED } from './bundle';
import { LibtorchError } from './error';
import { ADVICE, findLibtorch, type Libtorch } from './find';
import { exists, IS_BUNDLED } from './folders';
import { refusalOfHost } from './host';

/** The functions of the loader addon: native/loader/loader.cc. */
interface Loader {
  /** Opens a shared library, which is never closed. Throws the dynamic linker's message. */
  open(file: string): void;
  /** Returns the paths of the libraries in this process that have a file name. */
  mapped(fileName: string): string[];
  /** Returns the version of an opened libtorch_cpu.so, such as `2.13.0`. */
  torchVersion(file: string): string;
}

/**
 * Finds and opens libtorch, then loads the addon built for its minor version.
 *
 * @returns the addon's exports, and the libtorch under it
 * @throws LibtorchError where there is no libtorch or addon to use, another libtorch is in the
 *   process, or one of the libraries does not load
 */
export function loadAddon(): { addon: unknown; libtorch: Libtorch } {
  try {
    return findAndLoad();
  } catch (error) {
    const refusal = refusalOfHost();
    throw refusal ? new LibtorchError(refusal, 'ERR_TORCH_LOAD') : error;
  }
}

function findAndLoad(): { addon: unknown; libtorch: Libtorch } {
  if (IS_BUNDLED) load('loader'); // checked first, because a bundle without addons needs other advice than a missing libtorch
  const libtorch = findLibtorch();
  const loader = load('loader') as Loader;
  refuseAnother(loader, libtorch);
  const torchCpu = path.join(libtorch.directory, 'lib', 'libtorch_cpu.so');
  open(loader, torchCpu, libtorch);
  openCuda(loader, libtorch);
  return { addon: load(addonFor(loader.torchVersion(torchCpu))), libtorch };
}

function load(name: AddonName): unknown {
  try {
    return requireAddon(name);
  } catch (error) {
    const system = /^No native build was found for (.+)/.exec(messageOf(error))?.[1];
    throw system
      ? new LibtorchError(messageForMissing(name, system), 'ERR_TORCH_NOT_FOUND')
      : new LibtorchError(
          `The addon ${findAddon(name) ?? name} does not load: ${messageOf(error).replace(/\.$/, '')}. To mend it, run \`${ADVICE.build}\`.`,
          'ERR_TORCH_LOAD',
          { cause: error },
        );
  }
}

function messageForMissing(name: AddonName, system: string): string {
  if (IS_BUNDLED) return BUNDLED;
  const what = name === 'loader' ? 'that opens libtorch for' : `of libtorch ${name} for`;
  const addon = `There is no addon ${what} this system (${system})`;
  const folders = foldersOf(name).join(' or ');
  return process.env['PREBUILDS_ONLY']
    ? `${addon} in prebuilds/ of ${folders}. PREBUILDS_ONLY is set, so build/ was left out: unset PREBUILDS_ONLY.`
    : `${addon} in build/ or prebuilds/ of ${folders}. To mend it, run \`${ADVICE.build}\`.`;
}

// The dynamic linker finds libtorch for the addon by file name. If the process has two, the addon silently uses the
// first one that was loaded.
function refuseAnother(loader: Loader, libtorch: Libtorch): void {
  const wanted = path.join(libtorch.directory, 'lib', 'libtorch_cpu.so');
  const another = loader
    .mapped('libtorch_cpu.so')
    .find((file) => realPath(file) !== realPath(wanted));
  if (another) {
    throw new LibtorchError(
      `Another libtorch is already loaded in this process: ${another}, where torch-losses would use ${wanted}. ` +
        `To use the one that is loaded, set LIBTORCH=${path.resolve(another, '..', '..')}.`,
      'ERR_TORCH_LOAD',
    );
  }
}

/**
 * Opens libtorch_cuda.so if the machine has a CUDA driver. libtorch looks for CUDA only once, at its first use. Without
 * a driver the library is useless, and opening it takes seconds.
 */
function openCuda(loader: Loader, libtorch: Libtorch): void {
  const torchCuda = path.join(libtorch.directory, 'lib', 'libtorch_cuda.so');
  if (exists(torchCuda) && opens(loader, 'libcuda.so.1')) {
    open(loader, torchCuda, libtorch);
  }
}

function opens(loader: Loader, file: string): boolean {
  try {
    loader.open(file);
    return true;
  } catch {
    return false;
  }
}

/**
 * Opens a library of libtorch. If the linker does not find a library of CUDA that it needs, opens that library first:
 * pip installs them in folders of `nvidia` beside the torch package.
 */
function open(loader: Loader, file: string, libtorch: Libtorch, opened = new Set<string>()): void {
  for (;;) {
    try {
      loader.open(file);
      return;
    } catch (error) {
      const missing = /^(\S+\.so[.\d]*): cannot open shared object file/.exec(
        messageOf(error),
      )?.[1];
      const found = missing && !opened.has(missing) && findCudaLibrary(missing, libtorch);
      if (!found) {
        throw new LibtorchError(
          `${file} does not load: ${messageOf(error)}.\nThis is the libtorch ${libtorch.version} found through ` +
            `${libtorch.python ?? libtorch.source}. To mend it, install torch there again (\`pip install ` +
            `--force-reinstall torch\`), or set LIBTORCH to another libtorch.`,
          'ERR_TORCH_LOAD',
          { cause: error },
        );
      }
      opened.add(missing);
      open(loader, found, libtorch, opened);
    }
  }
}

function findCudaLibrary(fileName: string, libtorch: Libtorch): string | undefined {
  const nvidia = path.join(libtorch.directory, '..', 'nvidia');
  const parts = exists(nvidia) ? readdirSync(nvidia) : [];
  return parts.map((part) => path.join(nvidia, part, 'lib', fileName)).find((file) => exists(file));
}

function realPath(file: string): string {
  return exists(file) ? realpathSync(file) : file;
}

function messageOf(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}
