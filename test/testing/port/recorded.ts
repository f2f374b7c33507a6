/** Records runs of Python for the tests of ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import type { Tensor } from 'torch-losses';

import { PACKAGE_ROOT } from '../../../dist/bindings/libtorch/folders';
import type { Run } from '../../../dist/testing/parity/port/run';
import { askPython } from '../../parity/parity';

/** Where the runs of a test run are. */
export const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

/** The beginning of a Python program that records. */
export const RECORDER = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity'))})
from torch_losses_run import record_run
`;

/** Records a program of Python, whose lines see `run`, and gives the file. */
export async function recorded(name: string, program: string, options = ''): Promise<string> {
  const file = path.join(FOLDER, `${name.replace(/\W+/g, '-')}.safetensors`);
  const body = program.trim().split('\n').join('\n    ');
  await askPython(
    `${RECORDER}\ntorch.manual_seed(5)\nwith record_run(${JSON.stringify(file)}${options}) as run:\n    ${body}`,
    [],
  );
  return file;
}

export const INPUTS = `
x = run.input('x', torch.randn(16, 10, requires_grad=True))
y = run.input('y', torch.rand(16, 10))
t = run.input('t', torch.tensor([7, 1, 2, 7, 4, 5, 6, 0, 8, 9, 0, 1, 2, 3, 7, 5]))
w = run.input('w', torch.rand(10) + 0.5)
d = run.input('d', torch.randn(16, 10, dtype=torch.float64))
m = run.input('m', torch.rand(16, 10) > 0.4)
r = run.input('r', torch.rand(16) > 0.7)`;

export interface Inputs {
  x: Tensor;
  y: Tensor;
  t: Tensor;
  w: Tensor;
  d: Tensor;
  m: Tensor;
  r: Tensor;
}

export const inputsOf = (run: Run): Inputs => ({
  x: run.input('x'),
  y: run.input('y'),
  t: run.input('t'),
  w: run.input('w'),
  d: run.input('d'),
  m: run.input('m'),
  r: run.input('r'),
});
