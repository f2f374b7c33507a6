/**
 * Reads cases that users saved: a file with a loss's arguments and Python's result, from torch_losses_case.py or
 * `np.savez`. docs/guides/parity.md describes the contents.
 */

import { readNpz } from '../../serialization/npz';
import { damaged } from '../../serialization/reader';
import { read as readSafetensors } from '../../serialization/safetensors';
import type { DType } from '../../tensor/dtype';
import { dtypes } from '../../tensor/dtype_table';
import type { Tensor } from '../../tensor/tensor';
import * as torch from '../../torch';
import { LOSSES } from './losses';

/** A case as it is in its file. */
export interface SavedCase {
  readonly path: string;
  /** The name of the function. */
  readonly loss: string;
  /** The arguments by name: tensors with the strides that they had in Python, and other options. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly options: Readonly<Record<string, unknown>>;
  /** Python's result. */
  readonly value: Tensor;
  readonly gradOutput: Tensor | undefined;
  readonly grads: ReadonlyMap<string, Tensor>;
  /** Properties of the Python process, if the file has them. */
  readonly torch: string | undefined;
  readonly threads: number | undefined;
  readonly cpuCapability: string | undefined;
  readonly device: string;
}

interface Contents {
  tensors: Map<string, Tensor>;
  texts: Map<string, string>;
}

/**
 * Reads a case from a `.npz` file, or else a safetensors file.
 *
 * @throws RangeError (ValueError) if the file is damaged, lacks something, or contains something unknown
 */
export function readCase(path: string): SavedCase {
  const { tensors, texts } = path.endsWith('.npz') ? readNpz(path) : fromSafetensors(path);
  const value = tensors.get('value');
  if (!value)
    throw damaged(path, 'is no case: it has no tensor "value", which is Python\'s answer');
  const gradOutput = tensors.get('grad_output');
  const given = new Map<string, Tensor>();
  const grads = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    const gradOf = /^grad[._](.+)$/.exec(name)?.[1];
    if (name === 'value' || name === 'grad_output') continue;
    if (gradOf) grads.set(gradOf, tensor);
    else given.set(name, tensor);
  }
  for (const [name, grad] of grads) checkGradient(name, grad, given.get(name), path);
  const strides = new Map(
    Object.entries(jsonObject(texts.get('strides') ?? '{}', 'strides', path)),
  );
  const laidOut = new Map(
    [...given].map(([name, tensor]) => [name, withStrides(tensor, strides.get(name), name, path)]),
  );
  const loss = functionOf(texts.get('loss'), path);
  const options = jsonObject(texts.get('options') ?? '{}', 'options', path);
  const threads = texts.get('threads');
  return {
    path,
    loss,
    tensors: laidOut,
    options: Object.fromEntries(
      Object.entries(options).map(([name, option]) => [name, optionOf(option, name, path)]),
    ),
    value,
    gradOutput,
    grads,
    torch: texts.get('torch'),
    threads: threads !== undefined && /^[1-9]\d{0,4}$/.test(threads) ? Number(threads) : undefined,
    cpuCapability: texts.get('cpu_capability'),
    device: texts.get('device') ?? 'cpu',
  };
}

function fromSafetensors(path: string): Contents {
  const { tensors, metadata } = readSafetensors(path);
  return { tensors, texts: metadata };
}

/** Returns the name of a loss's function, from the name of its function or its class. */
function functionOf(name: string | undefined, path: string): string {
  if (name === undefined) throw damaged(path, 'is no case: it has no text "loss", which names one');
  const row = LOSSES.find(
    ({ functional, module }) => functional && (name === functional || name === module),
  );
  if (!row)
    throw damaged(path, `is a case of ${JSON.stringify(name)}, which is no loss function or class`);
  return row.functional!;
}

function checkGradient(name: string, grad: Tensor, of: Tensor | undefined, path: string): void {
  if (!of) throw damaged(path, `has a gradient of ${JSON.stringify(name)}, and no such tensor`);
  const fits = String(grad.shape) === String(of.shape) && grad.dtype === of.dtype;
  if (fits) return;
  throw damaged(
    path,
    `has a gradient of ${JSON.stringify(name)} of shape [${grad.shape}] and ${grad.dtype}, and the tensor is ` +
      `[${of.shape}] and ${of.dtype}`,
  );
}

function jsonObject(text: string, what: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {}
  throw damaged(path, `has ${what} that are no JSON object: ${JSON.stringify(text.slice(0, 80))}`);
}

/** Returns the elements in memory with these strides, because the order of a sum can depend on them. */
function withStrides(tensor: Tensor, strides: unknown, name: string, path: string): Tensor {
  if (strides === undefined) return tensor;
  const { shape } = tensor;
  const isValid =
    Array.isArray(strides) &&
    strides.length === shape.length &&
    strides.every((stride) => Number.isSafeInteger(stride) && stride >= 0);
  const extent = isValid
    ? shape.reduce((sum, size, i) => sum + Math.max(0, size - 1) * (strides[i] as number), 0)
    : Infinity;
  if (extent > Math.max(LARGEST_EXTENT, 2 * tensor.numel())) {
    throw damaged(path, `has strides of ${JSON.stringify(name)} that do not fit its shape`);
  }
  // A dimension with stride 0 stores one element.
  const once = (strides as number[]).reduce(
    (rest, stride, i) => (stride === 0 && shape[i]! > 1 ? rest.narrow(i, 0, 1) : rest),
    tensor,
  );
  const memory = torch.empty_strided(once.shape, strides as number[], { dtype: tensor.dtype });
  return memory.copy_(once).expand(shape);
}

/**
 * The largest extent in memory of a small tensor with gaps, in elements. It stops a file from requesting far more
 * memory than its size.
 */
const LARGEST_EXTENT = 2 ** 26;

function optionOf(value: unknown, name: string, path: string): unknown {
  const isPlain = value === null || ['boolean', 'number', 'string'].includes(typeof value);
  if (isPlain) return value;
  if (Array.isArray(value)) return value.map((item) => optionOf(item, name, path));
  const [kind, inner] = Object.entries(value as object)[0] ?? [];
  if (kind === 'float') return pythonFloat(inner, name, path);
  if (kind === 'dtype' && dtypes.has(inner)) return dtypes.get(inner) as DType;
  if (kind === 'LinearCrossEntropyOptions' || kind === 'PairwiseDistance') {
    const fields = Object.entries(Object(inner)).map(([key, field]) => [
      key,
      optionOf(field, key, path),
    ]);
    return new torch.nn[kind](Object.fromEntries(fields));
  }
  throw damaged(path, `has an option ${JSON.stringify(name)} of a kind that is not known`);
}

function pythonFloat(text: unknown, name: string, path: string): number {
  const values: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN };
  const value = typeof text === 'string' && Object.hasOwn(values, text) ? values[text] : undefined;
  if (value === undefined)
    throw damaged(path, `has an option ${JSON.stringify(name)} that is no float`);
  return value;
}
