import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import {
  ADDON_FOLDERS,
  addonFor,
  findAddon,
  hasAddon,
  versionsWithAddon,
} from '../../bindings/libtorch/addons';
import {
  ADVICE,
  addonsHere,
  type Candidate,
  candidates,
  PYTHON_NEEDED,
} from '../../bindings/libtorch/find';
import { PACKAGE_ROOT, PACKAGE_VERSION } from '../../bindings/libtorch/folders';
import { glibcVersion, refusalOfHost } from '../../bindings/libtorch/host';
import { activePythons } from '../../bindings/libtorch/python';
import { defineCommand } from '../command';
import { EXIT } from '../errors';
import type { Probe } from '../probe';
import type { Styles } from '../terminal';
import { PINNED_TORCH } from '../torch_environment';

/** Reports which libtorch would be loaded, whether it loads, and what to do if it does not. */
export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Show which libtorch and addon are used, and what to do if the package does not load',
  description:
    '  Lists every place where the package looks for libtorch. Then loads the package in a separate process and computes\n' +
    '  a loss. The exit status is 0 if that works, else 1.',
  options: {},
  examples: [
    { command: 'npx torch-losses doctor', does: 'Show everything' },
    {
      command: 'npx torch-losses doctor --json > report.json',
      does: 'For a bug report, or for a program',
    },
  ],
  async run(_values, terminal) {
    const report = examine();
    terminal.result(report, () => render(report, terminal.styles));
    return report.loads.ok ? EXIT.success : EXIT.failure;
  },
});

function examine() {
  const searched = [...candidates()];
  const used = searched.find(({ problem }) => !problem);
  const wanted = used && addonFor(used.version);
  const loads = load();
  return {
    package: { version: PACKAGE_VERSION, path: PACKAGE_ROOT },
    runtime: { ...runtime(), path: process.execPath, nodeApi: process.versions['napi'] },
    system: { platform: `${process.platform}-${process.arch}`, libc: libcVersion() },
    libtorch: { searched, used },
    addon: {
      folders: ADDON_FOLDERS,
      versions: versionsWithAddon(),
      wanted,
      found: wanted && findAddon(wanted),
    },
    loads,
    advice: loads.ok ? [] : adviceFor(searched),
  };
}

type Report = ReturnType<typeof examine>;

function runtime(): { name: string; version: string } {
  for (const name of ['bun', 'deno']) {
    const version = process.versions[name];
    if (version) {
      return { name, version };
    }
  }
  return { name: 'node', version: process.versions.node };
}

function libcVersion(): string | undefined {
  const glibc = glibcVersion();
  return glibc && `glibc ${glibc}`;
}

function load(): ({ ok: true } & Probe) | { ok: false; error: string } {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, path.join(__dirname, '..', 'probe.js')],
    { encoding: 'utf8' },
  );
  if (status === 0) {
    return { ok: true, ...(JSON.parse(stdout) as Probe) };
  }
  const end = signal ? `The process was ended by ${signal}. ` : '';
  return { ok: false, error: `${end}${stderr.trim()}` };
}

function adviceFor(searched: readonly Candidate[]): string[] {
  const refusal = refusalOfHost();
  if (refusal) return [refusal];
  if (searched.some(({ problem }) => !problem)) {
    return [
      'There is a libtorch and an addon for it, but they do not load together. The error above says why.',
      `\`${ADVICE.setup}\` fetches another libtorch, \`${ADVICE.build}\` builds another addon.`,
    ];
  }
  const advice = [
    activePythons().length > 0
      ? `\`${ADVICE.setup}\` fetches torch ${PINNED_TORCH} with pip${
          hasAddon(addonFor(PINNED_TORCH))
            ? ''
            : `, for which there is no addon here: run \`${ADVICE.build}\` after it`
        }.`
      : `There is no Python here: ${PYTHON_NEEDED}, then run \`${ADVICE.setup}\`.`,
  ];
  if (searched.some(({ needsBuild }) => needsBuild)) {
    advice.unshift(`\`${ADVICE.build}\` builds an addon for the libtorch that is there.`);
  }
  if (searched.some(({ version }) => version)) {
    advice.unshift(`No addon fits the libtorch that is there. ${addonsHere()}`);
  }
  if (process.env['LIBTORCH']) {
    advice.push(
      'LIBTORCH is set, so nothing else was tried. Unset it to use the torch of the active Python.',
    );
  }
  return advice;
}

function render(report: Report, { bold, dim, good, bad }: Styles): string {
  const mark = (ok: boolean) => (ok ? good('✓') : bad('✗'));
  const { runtime, system, libtorch, addon, loads, advice } = report;
  return [
    `${bold(`torch-losses ${report.package.version}`)}  ${dim(report.package.path)}`,
    `${runtime.name} ${runtime.version} (Node-API ${runtime.nodeApi ?? 'unknown'})  ${dim(runtime.path)}`,
    `${system.platform}, ${system.libc ?? 'no glibc'}`,
    '',
    bold('Where libtorch was looked for'),
    ...(process.env['LIBTORCH'] ? [] : [dim('  - LIBTORCH: not set')]),
    ...libtorch.searched.map(
      (candidate) => `  ${mark(!candidate.problem)} ${describeCandidate(candidate)}`,
    ),
    '',
    bold('Addon'),
    addon.found
      ? `  ${mark(true)} ${addon.found}`
      : `  ${mark(false)} none${addon.wanted ? ` for libtorch ${addon.wanted}` : ''} in ${addon.folders.map(describeFolder).join(' or ')}`,
    '',
    bold('Loading'),
    loads.ok
      ? `  ${mark(true)} libtorch ${loads.libtorch.version} in ${loads.seconds.toFixed(2)} s: ${loads.cpuCapability}, ` +
        `${loads.threads} threads, CUDA ${loads.cuda ? 'available' : 'not available'}`
      : `  ${mark(false)} ${libtorch.used ? loads.error.replaceAll('\n', '\n    ') : 'no libtorch to load'}`,
    ...(loads.ok ? ['', bold('Own kernels'), ...kernelLines(loads.kernels)] : []),
    ...(advice.length > 0 ? ['', bold('What to do'), ...advice.map((line) => `  ${line}`)] : []),
  ].join('\n');
}

/** Returns a line for each state, with the names of the kernels in that state. */
function kernelLines(kernels: Probe['kernels']): string[] {
  const byState = new Map<string, string[]>();
  for (const [name, { state, reason }] of Object.entries(kernels)) {
    const key = reason ? `${state} (${reason})` : state;
    byState.set(key, [...(byState.get(key) ?? []), name]);
  }
  return [...byState].map(([state, names]) => `  ${state}: ${names.join(', ')}`);
}

function describeCandidate({ source, python, directory, version, problem }: Candidate): string {
  const place = source === 'LIBTORCH' ? `LIBTORCH=${directory}` : `${python}`;
  const origin = source === 'setup' ? ' (set up)' : '';
  return problem
    ? `${place}${origin} ${problem}`
    : `${place}${origin}: torch ${version}${source === 'LIBTORCH' ? '' : ` in ${directory}`}`;
}

function describeFolder(folder: string): string {
  return existsSync(folder) ? folder : `${folder} (which does not exist)`;
}
