/**
 * The storages of a file: the memory of the tensors that are saved. Tensors that share memory share a storage, which has
 * no more elements than they do.
 */
import { runtimeError, typeError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { op, withoutGrad } from '../nn/ops';
import type { DType } from '../tensor/dtype_table';
import type { Tensor } from '../tensor/tensor';
import { groupBy } from '../utils/groups';

const resolveConj = op<(self: Tensor) => Tensor>('resolve_conj');
const resolveNeg = op<(self: Tensor) => Tensor>('resolve_neg');

/** A storage of a file. */
interface PlannedStorage {
  /** Its elements, 1-d. */
  readonly elements: Tensor;
  readonly dtype: DType;
  /** The number of its record, in the order in which the pickle names storages. */
  key: number | undefined;
}

/** A tensor in a storage. */
export interface Place {
  readonly storage: PlannedStorage;
  /** The offset of its first element, in elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The memory of a tensor: addresses of its first and behind its last element. */
interface Extent {
  readonly tensor: Tensor;
  readonly dtype: DType;
  readonly from: number;
  to: number;
}

export class Storages {
  readonly #extents = new Map<Tensor, Extent>();
  readonly #places = new Map<Tensor, Place>();
  readonly #named: PlannedStorage[] = [];

  /** Adds a strided tensor. Returns the tensor whose place is known later: one without lazy bits. */
  add(tensor: Tensor): void {
    if (this.#extents.has(tensor)) return;
    const plain = withoutGrad(() => resolveNeg(resolveConj(tensor.detach())));
    const { dtype } = plain;
    if (dtype.itemsize === 0) throw typeError(`save(): a tensor of ${dtype} cannot be saved`);
    const strides = plain.stride();
    const last = plain.shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, 0);
    const from = Number(native.data_ptr(handleOf(plain)!));
    const to = plain.numel() === 0 ? from : from + (last + 1) * dtype.itemsize;
    this.#extents.set(tensor, { tensor: plain, dtype, from, to });
  }

  /** Decides which tensors share a storage. */
  plan(): void {
    for (const entries of groupBy(this.#extents, ([, { tensor }]) => tensor.device.name)) {
      entries.sort(([, a], [, b]) => a.from - b.from || b.to - a.to);
      for (let i = 0; i < entries.length; ) i = this.#planGroup(entries, i);
    }
  }

  // Plans the storage of the tensors from `first` on that overlap. Returns the index behind them.
  #planGroup(entries: readonly (readonly [Tensor, Extent])[], first: number): number {
    const [, head] = entries[first]!;
    let { to } = head;
    let end = first + 1;
    for (; end < entries.length && entries[end]![1].from < to; end++) {
      to = Math.max(to, entries[end]![1].to);
    }
    const { dtype, from, tensor } = head;
    const count = (to - from) / dtype.itemsize;
    const storage: PlannedStorage = {
      elements: withoutGrad(() => tensor.as_strided([count], [1], tensor.storage_offset())),
      dtype,
      key: undefined,
    };
    for (const [original, extent] of entries.slice(first, end)) {
      if (extent.dtype !== dtype) throw runtimeError(MIXED);
      const offset = (extent.from - from) / dtype.itemsize;
      const { shape } = extent.tensor;
      this.#places.set(original, { storage, offset, shape, strides: extent.tensor.stride() });
    }
    return end;
  }

  /** Returns the place of a tensor that was added, and gives its storage a number. */
  place(tensor: Tensor): Place & { key: number } {
    const place = this.#places.get(tensor);
    if (!place) throw runtimeError('save(): the object changed while it was saved');
    const { storage } = place;
    if (storage.key === undefined) {
      storage.key = this.#named.length;
      this.#named.push(storage);
    }
    return { ...place, key: storage.key };
  }

  /** Returns the storages in the order of their numbers. */
  list(): readonly PlannedStorage[] {
    return this.#named;
  }
}

const MIXED = 'Cannot save multiple tensors or storages that view the same data as different types';
