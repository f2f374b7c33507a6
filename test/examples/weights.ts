/** Reads what the programs of examples/ have trained. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import torch, { type Tensor } from 'torch-losses';

/** Returns names and hashes of the weights that a program saved. */
export function weightsOf(folder: string): string[] {
  const weights = torch.load<Map<string, Tensor>>(join(folder, 'weights.pt'));
  return Array.from(weights, ([name, weight]) => {
    const bytes = weight.contiguous().toTypedArray() as Uint8Array;
    return `${name} ${createHash('sha256').update(bytes).digest('hex')}`;
  });
}
