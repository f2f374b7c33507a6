import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import torch from 'torch-losses';

const FILE = new URL('digits.csv.gz', import.meta.url);
const PIXELS = 64;

/**
 * Reads the digits: images of 64 numbers between 0 and 1 (`[n, 64]`, float32), and their classes 0
 * to 9 (`[n]`, int64).
 */
export function loadDigits() {
  const lines = gunzipSync(readFileSync(FILE)).toString().trim().split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  const images = Float32Array.from(rows.flatMap((row) => row.slice(0, PIXELS)));
  const classes = rows.map((row) => row[PIXELS]);
  return {
    images: torch.tensor(images).reshape([rows.length, PIXELS]).div(16),
    classes: torch.tensor(classes),
  };
}
