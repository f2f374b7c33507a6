/** Runs a Python program on a run that TypeScript recorded, and compares both recordings. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Comparison, type RunReport, type Tolerances } from './comparison';
import { environmentOf, sideNotes, warningNotes } from './environments';
import { RECORDER } from './recorder';
import { keyOf } from './run';
import { RunFile } from './run_file';

/** Thrown if Python does not start, or its program fails. */
class PythonRunError extends Error {
  override name = 'PythonRunError';
}

/**
 * @param program - `module:function`, or `file.py:function`; the function takes the run
 * @throws PythonRunError with Python's words; RangeError (ValueError) for a file that holds no run
 */
export async function compareInPython(
  file: string,
  program: string,
  { python, tolerances }: { python: string; tolerances: Tolerances },
): Promise<RunReport> {
  const ours = new RunFile(file);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
  try {
    const answer = path.join(folder, 'python.safetensors');
    await run(python, [RECORDER, path.resolve(file), program, answer]);
    const theirs = new RunFile(answer);
    try {
      return { ...compareFiles(theirs, ours, tolerances), path: file };
    } finally {
      theirs.close();
    }
  } finally {
    ours.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(python: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise((resolve, reject) => {
    execFile(python, args, { env, maxBuffer: 2 ** 26 }, (error, _, stderr) => {
      if (!error) return resolve();
      reject(new PythonRunError(stderr.trim() || error.message));
    });
  });
}

/** Compares the recording of this package with Python's recording of the same program. */
function compareFiles(python: RunFile, ours: RunFile, tolerances: Tolerances): RunReport {
  const comparison = new Comparison(python, tolerances);
  const compared = ['record', 'output', 'grad', 'final'];
  const keys = new Set<string>();
  for (const entry of python.index.entries) {
    if (!compared.includes(entry.kind)) continue;
    const key = recordedKey(ours, entry);
    keys.add(key);
    comparison.compare(entry, ours.has(key) ? ours.tensor(key) : undefined);
  }
  for (const entry of ours.index.entries) {
    const key = keyOf(entry);
    if (compared.includes(entry.kind) && !keys.has(key))
      comparison.surplus(entry, ours.tensor(key));
  }
  const sides = { recorded: environmentOf(python.index), here: environmentOf(ours.index) };
  return comparison.finish(sides, [...sideNotes(sides), ...warningNotes(python.index)]);
}

/** A result that is a `check` on one side may be an `output` on the other. */
function recordedKey(file: RunFile, entry: RunFile['index']['entries'][number]): string {
  const kinds =
    entry.kind === 'record' || entry.kind === 'output'
      ? (['record', 'output'] as const)
      : [entry.kind];
  const keys = kinds.map((kind) => keyOf({ ...entry, kind }));
  return keys.find((key) => file.has(key)) ?? keys[0]!;
}
