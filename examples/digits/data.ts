import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import torch, { type Tensor } from 'torch-losses';

/** The program runs from dist-examples/digits; the data stays in examples/digits. */
const FILE = join(__dirname, '../../examples/digits/digits.csv.gz');
const PIXELS = 64;

export interface Digits {
  /** Images of 64 numbers between 0 and 1: (n, 64), float32. */
  images: Tensor;
  /** Their classes, 0 to 9: (n), int64. */
  classes: Tensor;
}

/** Reads all digits. */
export function loadDigits(): Digits {
  const lines = gunzipSync(readFileSync(FILE)).toString().trim().split('\n');
  const rows = torch.tensor(lines.map((line) => line.split(',').map(Number)));
  return {
    images: rows.narrow(1, 0, PIXELS).div(16),
    classes: rows.select(1, PIXELS),
  };
}
