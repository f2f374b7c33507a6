// Builds the simulated CUDA device of test/cuda/simulator, for a CUDA build of libtorch.
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import { SetupError } from './advice.mjs';
import { BUILD, ROOT } from './checkout.mjs';
import { capture, mustRun } from './run.mjs';
import { hashOf, unlessDone } from './stamp.mjs';

const SOURCES = path.join('test', 'cuda', 'simulator');
const RUNTIME = ['memory', 'streams', 'properties', 'runtime', 'driver', 'nccl', 'unsupported'];
const OPTION = '--simulated-cuda';

/**
 * Returns a program's arguments without --simulated-cuda, and the environment for it. Without that argument the
 * environment is empty.
 */
export async function simulation(args, libtorch) {
  const simulates = args.includes(OPTION);
  return {
    args: args.filter((argument) => argument !== OPTION),
    environment: simulates ? await simulatedDevices(libtorch) : {},
  };
}

/**
 * @param {{ directory: string, version: string, python?: string }} libtorch
 * @returns {Promise<Record<string, string>>} the environment in which programs have the simulated devices
 */
async function simulatedDevices(libtorch) {
  const headers = cudaHeaders(libtorch);
  const output = path.join(BUILD, 'simulator', libtorch.version);
  mkdirSync(output, { recursive: true });
  const inputs = hashOf({ files: [SOURCES], strings: [libtorch.directory] });
  await unlessDone(path.join(output, 'stamp'), inputs, async () => {
    console.log('Building the simulated CUDA device: two minutes');
    const internal = await compilersHeaders(libtorch.python, headers, output);
    const nccl = path.join(libtorch.directory, '..', 'nvidia', 'nccl', 'include');
    await compile(path.join(output, 'libcuda.so.1'), RUNTIME, [
      ...[headers, internal, nccl].map((folder) => `-isystem${folder}`),
      '-Wl,-soname,libcuda.so.1',
    ]);
    const { directory } = libtorch;
    await compile(
      path.join(output, 'simulated_cuda_operators.so'),
      ['operators'],
      [
        ...['include', 'include/torch/csrc/api/include'].map(
          (folder) => `-isystem${directory}/${folder}`,
        ),
        `-L${directory}/lib`,
        '-ltorch_cpu',
        '-lc10',
      ],
    );
  });
  return { LD_PRELOAD: path.join(output, 'libcuda.so.1') };
}

// Finds the headers of the CUDA runtime, which torch's wheels install.
function cudaHeaders({ directory, version, python }) {
  const folder = path.join(directory, '..', 'nvidia', 'cu13', 'include');
  if (!python || !existsSync(path.join(folder, 'cuda_runtime_api.h'))) {
    throw new SetupError(
      `libtorch ${version} in ${directory} is not that of a Python with the headers of CUDA 13.`,
      'Put a Python with a CUDA build of torch first in PATH; it needs no GPU.',
    );
  }
  return folder;
}

// Installs headers that those include, which no torch wheel contains.
async function compilersHeaders(python, headers, output) {
  const version = /CUDA_VERSION (\d+)(\d\d)\d$/m.exec(
    capture('grep', ['define CUDA_VERSION', path.join(headers, 'cuda.h')]),
  );
  const [, major, minor] = version;
  const wheel = `nvidia-cuda-crt==${major}.${Number(minor)}.*`;
  const target = path.join(output, 'headers');
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--upgrade', '--target', target];
  await mustRun('pip', python, [...args, wheel], { quiet: true });
  return path.join(target, 'nvidia', `cu${major}`, 'include');
}

function compile(library, names, options) {
  const sources = names.map((name) => path.join(ROOT, SOURCES, `${name}.cc`));
  return mustRun('Compiling the simulated CUDA device', process.env.CXX || 'g++', [
    ...['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared'],
    ...sources,
    ...options,
    ...['-o', library],
  ]);
}
