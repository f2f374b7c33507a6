/** In what this process differs from the recording's, and what the recording warned of. */
import { __version__ } from '../../../backends/process';
import { native } from '../../../bindings/native';
import { is_available } from '../../../cuda/device';
import type { RunIndex } from './run';

export function runNotes(index: RunIndex, threads: number): string[] {
  const onCuda = index.entries.some(({ device }) => device?.startsWith('cuda'));
  const properties: [what: string, theirs: string, ours: string][] = [
    ['torch', index.torch, __version__],
    ['threads', String(index.threads), String(threads)],
    ['CPU capability', index.cpu_capability, native.cpu_capability()],
    ['device', onCuda ? 'cuda' : 'cpu', onCuda && is_available() ? 'cuda' : 'cpu'],
  ];
  return [
    ...properties
      .filter(([, theirs, ours]) => theirs !== ours)
      .map(
        ([what, theirs, ours]) => `${what}: ${index.language} had ${theirs}, here it is ${ours}`,
      ),
    ...index.warnings.map(([category, text]) => `${index.language} warned: ${category}: ${text}`),
  ];
}
