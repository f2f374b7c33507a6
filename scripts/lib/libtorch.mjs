// libtorch: one that the machine has, or else torch's CPU build in .venv.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { adviceFor, SetupError } from './advice.mjs';
import { VENV } from './checkout.mjs';
import { capture, run } from './run.mjs';
import { activePythons, findLibtorch } from './typescript.mjs';

const PINNED = '2.13.0';
const PYTORCH_CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

// In a .venv that the set-up made: what it holds, or UNFINISHED while it is being made. Another
// .venv is never removed.
const MARK = path.join(VENV, '.torch-losses');
const UNFINISHED = 'unfinished';

/** The libtorch to use, fetched where there is none. */
export async function ensureLibtorch() {
  removeOutdatedEnvironment();
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
  await fetchTorch();
  return findLibtorch();
}

function removeOutdatedEnvironment() {
  const mark = existsSync(MARK) ? readFileSync(MARK, 'utf8') : PINNED;
  if (mark !== PINNED) {
    console.log(`Removing .venv, which is ${mark === UNFINISHED ? mark : 'outdated'}`);
    rmSync(VENV, { recursive: true, force: true });
  }
}

async function fetchTorch() {
  console.log(`Fetching torch ${PINNED} with pip into .venv: 200 MB, unless pip has it cached`);
  const [python] = await activePythons();
  if (!python) {
    throw new SetupError(
      'There is neither a libtorch nor a Python to fetch it with.',
      'Install Python 3 and pip (`apt install python3-pip python3-venv`, or the like), or set LIBTORCH.',
    );
  }
  const ours = !existsSync(VENV) || existsSync(MARK);
  if (ours) {
    rmSync(VENV, { recursive: true, force: true }); // its torch is of no use, or its Python is gone
    mkdirSync(VENV);
    writeFileSync(MARK, UNFINISHED);
  }
  await installTorch(await makeEnvironment(python));
  if (ours) {
    writeFileSync(MARK, PINNED);
  }
}

/**
 * Makes .venv a virtual environment of a Python.
 *
 * @returns the command that runs pip on it: the Python's own where that can, since some systems'
 *   Pythons cannot put pip into a new environment, else the environment's
 */
async function makeEnvironment(python) {
  const inside = path.join(VENV, 'bin', 'python');
  const pip = /^pip (\d+)\.(\d+)/.exec(capture(python, ['-m', 'pip', '--version']));
  const reachesIn = pip && Number(pip[1]) + Number(pip[2]) / 100 >= 22.03; // the first pip with --python
  const options = reachesIn ? ['--without-pip'] : [];
  const { status, output } = await run(python, ['-m', 'venv', ...options, VENV], { quiet: true });
  if (status !== 0) {
    throw new SetupError(
      `${python} cannot make a virtual environment:\n\n${output.trim()}`,
      adviceFor(output) ??
        'Install what it lacks: `apt install python3-pip python3-venv`, or the like.',
    );
  }
  return reachesIn ? [python, '-m', 'pip', '--python', inside] : [inside, '-m', 'pip'];
}

/**
 * Installs torch's CPU build: from where pip is configured to look, else from PyTorch's own index,
 * else any build.
 */
async function installTorch([command, ...pip]) {
  const attempts = [
    [`torch==${PINNED}+cpu`],
    [`torch==${PINNED}+cpu`, '--extra-index-url', PYTORCH_CPU_INDEX, '--retries=1', '--timeout=15'],
    [`torch==${PINNED}`],
  ];
  let outputs = '';
  for (const attempt of attempts) {
    console.log(`pip install ${attempt.join(' ')}`);
    const { status, output } = await run(command, [...pip, 'install', ...attempt], {
      env: environmentOfPip(),
      progress: true,
    });
    if (status === 0) {
      return;
    }
    outputs += output;
    if (!/No matching distribution found/.test(output)) {
      break;
    }
  }
  throw new SetupError(
    `pip could not install torch ${PINNED}; its messages are above.`,
    adviceFor(outputs) ??
      `See whether torch ${PINNED} is there for this Python (${capture(command, ['--version'])}) and this kind of ` +
        'machine, or set LIBTORCH to a libtorch that you have.',
  );
}

// Without the variables that make pip install into another place. An index that cannot be reached
// is asked for every package that torch needs, so pip's own five tries each would add minutes.
function environmentOfPip() {
  const { PIP_TARGET, PIP_PREFIX, PIP_ROOT, PIP_USER, ...env } = process.env;
  return { PIP_RETRIES: '2', ...env };
}
