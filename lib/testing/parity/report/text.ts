/** Texts and numbers that all forms of the report use. */

import { thousands } from '../../difference/text';
import { DTYPES } from '../generate';
import type { ParityReport } from '../run';
import type { Counts } from '../statistics';

/** Returns the number of cases per second. */
export const rateText = ({ total, comparing_seconds }: ParityReport): string =>
  thousands(Math.round(total.cases / comparing_seconds));

/** Returns the result in one sentence. */
export function verdictText({ verdict, total, settings }: ParityReport): string {
  const { cases, equal, different } = total;
  if (verdict === 'equal') return `All ${thousands(cases)} cases equal Python bit for bit`;
  const bits = `${thousands(equal)} of ${thousands(cases)} cases equal Python bit for bit`;
  const tolerance = settings.tolerance;
  if (!tolerance) return `${thousands(different)} cases differ from Python; ${bits}`;
  const within = `rtol ${tolerance.rtol}, atol ${tolerance.atol}`;
  return verdict === 'close'
    ? `${bits}, and the others are close (${within})`
    : `${thousands(different)} cases are further from Python than ${within}; ${bits}`;
}

function kernelsText({ kernels }: ParityReport['ours']): string {
  return kernels.length === 0 ? '' : `, and our own kernels of ${kernels.join(', ')}`;
}

/** Returns a sentence that says what both builds have in common, or that they differ. */
export function buildText({ build_differences, ours }: ParityReport): string {
  return build_differences.length === 0
    ? `Both sides: libtorch ${ours.torch}, ${ours.threads} threads, ${ours.cpu_capability}${kernelsText(ours)}`
    : `The sides differ in ${build_differences
        .map(({ what, python, ours: own }) => `${what} (Python ${python}, ours ${own})`)
        .join(', ')}: equal bits cannot be promised`;
}

/** Returns the rows of a table that compares Python's properties with ours. */
export function sidesTable({ python, ours }: ParityReport): (readonly [string, string, string])[] {
  const none = (value: string | null): string => value ?? 'none';
  return [
    ['torch', python.torch, ours.torch],
    ['commit', none(python.git_version).slice(0, 12), none(ours.git_version).slice(0, 12)],
    ['CUDA of the build', none(python.cuda), none(ours.cuda)],
    ['threads', String(python.threads), String(ours.threads)],
    ['CPU capability', python.cpu_capability, ours.cpu_capability],
    ['own kernels', 'none', ours.kernels.join(', ') || 'none'],
    ['runtime', `Python ${python.python}`, `Node ${ours.node}, torch-losses ${ours.version}`],
    ['libtorch', python.directory, ours.directory],
    ['GPUs', python.gpus.join(', ') || 'none', python.gpus.length ? 'the same machine' : 'none'],
  ];
}

/** Returns the command that runs the same cases again. */
export function reproduceText({ settings, ours }: ParityReport): string {
  const { python, seed, cases, losses, dtypes, devices, pythonDevice, tolerance } = settings;
  return [
    'npx torch-losses parity',
    `--python ${python}`,
    `--seed ${seed}`,
    `--threads ${ours.threads}`,
    ...(ours.kernels.length ? ['--kernels'] : []),
    ...(cases === undefined ? [] : [`--cases ${cases}`]),
    ...(losses ?? []).map((loss) => `--loss ${loss}`),
    ...(dtypes.length === DTYPES.length ? [] : dtypes.map((dtype) => `--dtype ${dtype}`)),
    ...devices.map((device) => `--device ${device}`),
    ...(pythonDevice ? [`--python-device ${pythonDevice}`] : []),
    ...(tolerance ? [`--rtol ${tolerance.rtol}`, `--atol ${tolerance.atol}`] : []),
  ].join(' ');
}

/** Returns the worst verdict of a group. */
export function verdictOf({ different, close }: Counts): ParityReport['verdict'] {
  return different ? 'different' : close ? 'close' : 'equal';
}
