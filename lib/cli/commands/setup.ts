import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { addonFor, hasAddon } from '../../bindings/libtorch/addons';
import { ADVICE, addonsHere, candidates, libtorchIn } from '../../bindings/libtorch/find';
import { makeFolder } from '../../bindings/libtorch/folders';
import { torchOfPython } from '../../bindings/libtorch/python';
import { pythonOf, SETUP_MARK, SETUPS_FOLDER } from '../../bindings/libtorch/setups';
import { isSupported, SUPPORTED_VERSIONS } from '../../bindings/libtorch/versions';
import { defineCommand } from '../command';
import { UsageError } from '../errors';
import { type Fetched, fetchTorch, folderNameOf, PINNED_TORCH } from '../torch_environment';
import { requireWritable } from '../writable';

/** Fetches libtorch for this user. */
export const setup = defineCommand({
  name: 'setup',
  summary: 'Fetch libtorch with pip, if the active Python has no torch',
  description: [
    '  Installs torch with pip into a new virtual environment. pip downloads from the index that it is configured to use.',
    `  The environment is in ${SETUPS_FOLDER}. Set TORCH_LOSSES_HOME to choose`,
    '  another folder. Nothing else on the system changes. Only wheels are installed, so no code from the network runs.',
    '  pip checks the hash of each file against its index, or with --requirements against your file. The result lists the',
    '  hashes.',
  ].join('\n'),
  options: {
    cuda: { type: 'boolean', description: 'Fetch a CUDA build (5 GB) instead of the CPU build' },
    torch: {
      type: 'string',
      value: 'VERSION',
      description: 'The version of torch',
      default: PINNED_TORCH,
    },
    requirements: {
      type: 'string',
      value: 'FILE',
      description:
        'A requirements file with the hashes of torch and its dependencies, for pip --require-hashes',
    },
    force: { type: 'boolean', description: 'Fetch again, even if this version is there' },
  },
  examples: [
    { command: 'npx torch-losses setup', does: 'Fetch the CPU build' },
    { command: 'npx torch-losses setup --cuda', does: 'Fetch a build for NVIDIA GPUs' },
    {
      command: 'npx torch-losses setup --requirements torch.lock.txt',
      does: 'Fetch exactly the files whose hashes are in torch.lock.txt',
    },
  ],
  async run({ cuda, torch, requirements, force }, terminal) {
    checkRequest(torch, requirements);
    const request = { version: torch, cuda, requirements };
    const folder = path.join(SETUPS_FOLDER, folderNameOf(request));
    const mark = path.join(folder, SETUP_MARK);
    const already = existsSync(mark) && !force;
    if (already) {
      touch(mark);
    } else {
      requireWritable(SETUPS_FOLDER, 'TORCH_LOSSES_HOME');
      if (!hasAddon(addonFor(torch))) terminal.note(noAddonFor(torch));
      await fetchInto(folder, request, (text) => terminal.note(text));
    }
    const fetched = JSON.parse(readFileSync(mark, 'utf8')) as Fetched[];
    const python = pythonOf(folder);
    const { directory, version } = libtorchIn(torchOfPython(python) ?? folder);
    const found = [...candidates()];
    const own = found.find((candidate) => candidate.python === python);
    const used = found.find(({ problem }) => !problem);
    terminal.result({ folder, python, directory, version, already, fetched, used }, () =>
      [
        `torch ${version} ${already ? 'was there already' : 'is ready'}: ${directory}`,
        ...(own?.needsBuild
          ? [`There is no addon for it yet: \`${ADVICE.build}\` builds one.`]
          : used && used !== own
            ? [
                `torch-losses uses another libtorch, which it finds first: ${used.directory} (${used.source}).`,
              ]
            : []),
      ].join('\n'),
    );
    return 0;
  },
});

// Marks this environment as the latest, which is the one that is used. On a read-only disk the order stays as it is.
function touch(mark: string): void {
  try {
    utimesSync(mark, new Date(), new Date());
  } catch {}
}

function noAddonFor(version: string): string {
  return (
    `There is no addon here for torch ${version}. ${addonsHere()} After this command, run \`${ADVICE.build}\`: it ` +
    'needs CMake and a compiler for C++20.'
  );
}

function checkRequest(version: string, requirements: string | undefined): void {
  if (!/^\d+\.\d+\.\d+$/.test(version) || !isSupported(version)) {
    throw new UsageError(
      `--torch must be a version of PyTorch ${SUPPORTED_VERSIONS.join(', ')} such as ${PINNED_TORCH}, but got ` +
        JSON.stringify(version),
    );
  }
  if (requirements !== undefined && !existsSync(requirements)) {
    throw new UsageError(`--requirements: there is no file ${requirements}`);
  }
}

// Fetches into a folder with a temporary name, so that nobody uses an incomplete one. If two processes do this at a
// time, the later one's folder stays.
async function fetchInto(
  folder: string,
  request: Parameters<typeof fetchTorch>[0],
  note: (text: string) => void,
): Promise<void> {
  removeLeftovers();
  const unfinished = `${folder}.unfinished-${process.pid}`;
  makeFolder(unfinished);
  try {
    const fetched = await fetchTorch(request, unfinished, note);
    writeFileSync(path.join(unfinished, SETUP_MARK), JSON.stringify(fetched, null, 2));
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

function removeLeftovers(): void {
  const names = existsSync(SETUPS_FOLDER) ? readdirSync(SETUPS_FOLDER) : [];
  for (const name of names) {
    const pid = /\.unfinished-(\d+)$/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) {
      rmSync(path.join(SETUPS_FOLDER, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
