/** Compares data with Python's. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import torch, { Tensor } from 'torch-losses';

import { askPython } from '../../parity/parity';

/** Python's side: `plain` makes data that JSON can hold, which shows dtypes. */
const PLAIN = `
import json, random
from torch.utils.data import *

def plain(value):
    if isinstance(value, torch.Tensor): return [str(value.dtype), list(value.shape), value.tolist()]
    if isinstance(value, dict): return [[str(k), plain(v)] for k, v in value.items()]
    if isinstance(value, (list, tuple)) or hasattr(value, '__next__'): return [plain(v) for v in value]
    if isinstance(value, Sampler): return [plain(v) for v in value]
    return value
`;

/** The same of ours. */
export function plain(value: unknown): unknown {
  if (value instanceof Tensor) return [String(value.dtype), value.shape, value.tolist()];
  if (value instanceof Map) return Array.from(value, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, plain);
    return Object.entries(value).map(plain);
  }
  return value;
}

/** Runs statements of Python, and compares the value of an expression, and the generator afterwards, with ours. */
export async function same(
  python: { setup?: string; value: string },
  ours: () => unknown,
): Promise<void> {
  const source = `${PLAIN}\n${python.setup ?? ''}\ntorch.manual_seed(7)\nresult = plain(${python.value})`;
  const expected = await askPython(source, ['[result, torch.rand(2).tolist()]']);
  torch.manual_seed(7);
  const result = plain(await ours());
  expect([[result, torch.rand(2).tolist()]]).to.deep.equal(expected);
}

/** Returns the batches of a pass. */
export async function all<Batch>(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

/** Returns the URL of a module in test/fixtures/data. */
export const moduleUrl = (name: string): URL =>
  pathToFileURL(path.join(__dirname, '..', '..', '..', 'test', 'fixtures', 'data', name));

/** Returns what an asynchronous function throws. */
export async function errorOf(run: () => Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
