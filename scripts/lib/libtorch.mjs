// Finds libtorch on the machine, or else installs torch's CPU build in .venv.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { SetupError } from './advice.mjs';
import { VENV } from './checkout.mjs';
import { findLibtorch, library } from './typescript.mjs';

// The mark of a .venv that the set-up made. It holds the version, or UNFINISHED during the installation. A .venv
// without it is never removed.
const MARK = path.join(VENV, '.torch-losses');
const UNFINISHED = 'unfinished';

/** Returns the libtorch to use. Installs one if there is none. */
export async function ensureLibtorch() {
  const { fetchTorch, PINNED_TORCH } = await library('cli/torch_environment');
  removeOutdatedEnvironment(PINNED_TORCH);
  try {
    return await findLibtorch();
  } catch (error) {
    if (error.code !== 'ERR_TORCH_NOT_FOUND') {
      throw error;
    }
    if (process.env.LIBTORCH) {
      throw new SetupError(error.message);
    }
  }
  console.log(
    `Fetching torch ${PINNED_TORCH} with pip into .venv: 200 MB, unless pip has it cached`,
  );
  const ours = !existsSync(VENV) || existsSync(MARK);
  if (ours) {
    rmSync(VENV, { recursive: true, force: true }); // its torch is of no use, or its Python is gone
    mkdirSync(VENV);
    writeFileSync(MARK, UNFINISHED);
  }
  await fetchTorch({ version: PINNED_TORCH, cuda: false }, VENV, console.log);
  if (ours) {
    writeFileSync(MARK, PINNED_TORCH);
  }
  return findLibtorch();
}

function removeOutdatedEnvironment(pinned) {
  const mark = existsSync(MARK) ? readFileSync(MARK, 'utf8') : pinned;
  if (mark !== pinned) {
    console.log(`Removing .venv, which is ${mark === UNFINISHED ? mark : 'outdated'}`);
    rmSync(VENV, { recursive: true, force: true });
  }
}
