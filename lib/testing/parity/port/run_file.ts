/** The file of a recorded run. Tensors are read when they are needed. */
import { valueError } from '../../../bindings/errors';
import { LazyFile } from '../../../serialization/lazy_file';
import { damaged } from '../../../serialization/reader';
import { tensorOf } from '../../../serialization/tensors';
import { empty_strided } from '../../../tensor/factories';
import type { Tensor } from '../../../tensor/tensor';
import type { Side } from '../../difference/side';
import { FORMAT, keyOf, type Option, type RunEntry, type RunIndex } from './run';

export class RunFile extends LazyFile {
  readonly index: RunIndex;
  readonly options: Readonly<Record<string, Option>>;
  readonly #byKey: ReadonlyMap<string, RunEntry>;

  /** @throws RangeError (ValueError) for a file that is damaged or holds no run; what `fs` throws where there is none */
  constructor(path: string) {
    super(path);
    try {
      this.index = indexOf(this.metadata.get('run'), path);
      this.#byKey = new Map(this.index.entries.map((entry) => [keyOf(entry), entry]));
      for (const entry of this.index.entries) {
        if (entry.kind !== 'gradients') this.describe(keyOf(entry));
      }
      this.options = Object.fromEntries(
        Object.entries(this.index.options).map(([name, value]) => [name, optionOf(value)]),
      );
    } catch (error) {
      this.close();
      throw error;
    }
  }

  entry(key: string): RunEntry | undefined {
    return this.#byKey.get(key);
  }

  /** Returns one side of a comparison: a recorded tensor, which is read in parts. */
  side(key: string): Side {
    const { dtype, shape } = this.describe(key);
    const part = (from: number, count: number): Tensor => {
      const bytes = this.bytes(key, from * dtype.itemsize, count * dtype.itemsize);
      return tensorOf(bytes, dtype, [count], { path: this.path, what: `tensor ${key}` });
    };
    return { dtype, shape, part };
  }

  /** Returns the tensor of an entry, with the recorded strides. */
  laidOut(entry: RunEntry): Tensor {
    const tensor = this.tensor(keyOf(entry));
    return entry.strides ? withStrides(tensor, entry.strides, this.path) : tensor;
  }
}

const KINDS = ['input', 'state', 'record', 'output', 'grad', 'gradients', 'final'];

function indexOf(text: string | undefined, path: string): RunIndex {
  if (text === undefined) {
    throw damaged(path, 'holds no run: record_run of torch_losses_run.py writes one');
  }
  let index: RunIndex;
  try {
    index = JSON.parse(text) as RunIndex;
  } catch {
    throw damaged(path, 'has an index that is no JSON');
  }
  if (index?.format !== FORMAT) {
    throw damaged(path, `has the format ${index?.format}, and this package reads ${FORMAT}`);
  }
  const areEntries =
    Array.isArray(index.entries) &&
    index.entries.every(
      (entry) =>
        KINDS.includes(entry?.kind) &&
        typeof entry.name === 'string' &&
        Number.isSafeInteger(entry.step),
    );
  const isWhole =
    areEntries &&
    Array.isArray(index.warnings) &&
    typeof index.options === 'object' &&
    index.options !== null &&
    Number.isSafeInteger(index.threads) &&
    index.threads > 0;
  if (!isWhole)
    throw damaged(path, 'has an index that lacks entries, options, warnings or threads');
  return index;
}

function optionOf(value: unknown): Option {
  if (Array.isArray(value)) return value.map(optionOf);
  const special = (value as { float?: string } | null)?.float;
  if (special === undefined) return value as Option;
  return special === 'nan' ? Number.NaN : special === 'inf' ? Infinity : -Infinity;
}

function withStrides(tensor: Tensor, strides: readonly number[], path: string): Tensor {
  const { shape } = tensor;
  const isValid =
    strides.length === shape.length &&
    strides.every((stride) => Number.isSafeInteger(stride) && stride >= 0);
  const extent = shape.reduce((sum, size, i) => sum + Math.max(0, size - 1) * strides[i]!, 0);
  if (!isValid || !(extent <= Math.max(LARGEST_EXTENT, 2 * tensor.numel()))) {
    throw damaged(path, `has strides [${strides}] that do not fit a shape [${shape}]`);
  }
  // A dimension of stride 0 repeats one element.
  const once = strides.reduce(
    (rest, stride, i) => (stride === 0 && shape[i]! > 1 ? rest.narrow(i, 0, 1) : rest),
    tensor,
  );
  return empty_strided(once.shape, strides, { dtype: tensor.dtype }).copy_(once).expand(shape);
}

/**
 * The largest extent in memory of a small tensor with gaps, in elements. It stops a file from requesting far more
 * memory than its size.
 */
const LARGEST_EXTENT = 2 ** 26;

/** @throws RangeError (ValueError) for a name that is no text */
export function checkedName(method: string, name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw valueError(`${method}(): the name must be a text, got ${JSON.stringify(name)}`);
}
