/** The properties of both environments that determine the bits. */
import { __version__ } from '../../../backends/process';
import { native } from '../../../bindings/native';
import { is_available } from '../../../cuda/device';
import { kernelsOn } from '../environment';
import type { RunIndex } from './run';

/** The environment of one side. A property that its file does not have is null. */
export interface Environment {
  language: string;
  /** The language with its version, such as `Python 3.12.3`. */
  runtime: string | null;
  torch: string | null;
  threads: number | null;
  cpu_capability: string | null;
  device: string | null;
  kernels: readonly string[];
}

export interface Sides {
  recorded: Environment;
  here: Environment;
}

export const environmentOf = (index: RunIndex): Environment => ({
  language: index.language,
  runtime: index.runtime,
  torch: index.torch,
  threads: index.threads,
  cpu_capability: index.cpu_capability,
  device: index.entries.some(({ device }) => device?.startsWith('cuda')) ? 'cuda' : 'cpu',
  kernels: [],
});

/** Returns the environment of this process. A recorded device is used if it exists here. */
export const environmentHere = (device: string | null): Environment => ({
  language: 'TypeScript',
  runtime: `Node ${process.version}`,
  torch: __version__,
  threads: native.get_num_threads(),
  cpu_capability: native.cpu_capability(),
  device: device?.startsWith('cuda') && is_available() ? device : 'cpu',
  kernels: kernelsOn(),
});

/** The names of the properties. */
export const PROPERTIES = {
  torch: 'torch',
  threads: 'threads',
  cpu_capability: 'CPU capability',
  device: 'device',
} as const;

/** Returns the differences between both environments, because of which equal bits are not guaranteed. */
export function sideNotes({ recorded, here }: Sides): string[] {
  return (Object.keys(PROPERTIES) as (keyof typeof PROPERTIES)[])
    .filter((name) => recorded[name] !== null && recorded[name] !== here[name])
    .map(
      (name) =>
        `${PROPERTIES[name]}: ${recorded.language} had ${recorded[name]}, here it is ${here[name]}`,
    );
}

export const warningNotes = ({ language, warnings }: RunIndex): string[] =>
  warnings.map(([category, text]) => `${language} warned: ${category}: ${text}`);
