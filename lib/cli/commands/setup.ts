import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { candidates, libtorchIn, MENDING } from '../../bindings/libtorch/find';
import { torchOfPython } from '../../bindings/libtorch/python';
import { pythonOf, SETUP_MARK, SETUPS_FOLDER } from '../../bindings/libtorch/setups';
import { isSupported, SUPPORTED_VERSIONS } from '../../bindings/libtorch/versions';
import { defineCommand } from '../command';
import { UsageError } from '../errors';
import { type Fetched, fetchTorch, folderNameOf, PINNED_TORCH } from '../torch_environment';

/** Fetches libtorch for this user. */
export const setup = defineCommand({
  name: 'setup',
  summary: 'Fetch libtorch with pip, where the active Python has no torch',
  description: [
    '  Installs torch with pip, from wherever pip is configured to look, into a virtual environment of its own',
    `  under ${SETUPS_FOLDER} (TORCH_LOSSES_HOME moves it). Nothing else on the system`,
    '  changes. Only wheels are installed: nothing that comes from the network is run. pip checks every file against the',
    "  hash that its index gives; with --requirements, against hashes of your own. The files' hashes are in the result.",
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
        "A pip requirements file with hashes of torch and all it needs, for pip's --require-hashes",
    },
    force: { type: 'boolean', description: 'Fetch it again, even if it is there' },
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
      utimesSync(mark, new Date(), new Date()); // the latest counts
    } else {
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
          ? [`There is no addon for it yet: \`${MENDING.build}\` builds one.`]
          : used && used !== own
            ? [`Another libtorch counts before it: ${used.directory} (${used.source}).`]
            : []),
      ].join('\n'),
    );
    return 0;
  },
});

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

// Under another name until it is complete, so that nobody finds half of it; two at a time are
// both right, and the later stays.
async function fetchInto(
  folder: string,
  request: Parameters<typeof fetchTorch>[0],
  note: (text: string) => void,
): Promise<void> {
  removeLeftovers();
  const unfinished = `${folder}.unfinished-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
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
