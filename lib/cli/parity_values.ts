/** Functions for all modes of `parity`: reading options, finding Python, writing files. */
import { writeFileSync } from 'node:fs';

import { CommandError, UsageError } from './errors';

/** @throws CommandError where the file cannot be written */
export function save(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new CommandError(`${file} cannot be written: ${(error as Error).message}`);
  }
}

/** Returns the Python whose torch is in use, else the first one on PATH. */
export async function defaultPython(): Promise<string> {
  const { libtorch } = await import('../bindings/native/index.js');
  const { activePythons } = await import('../bindings/libtorch/python.js');
  const python = libtorch.python ?? activePythons()[0];
  if (python) return python;
  throw new CommandError('There is no Python to compare with.', 'Choose one with --python FILE.');
}

export function integer(
  text: string | undefined,
  option: string,
  least: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && /^\d+$/.test(text)) return value;
  throw new UsageError(
    `${option} must be an integer of at least ${least}, but got ${JSON.stringify(text)}`,
  );
}

export function nonNegative(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`${option} must be a number of at least 0, but got ${JSON.stringify(text)}`);
}
