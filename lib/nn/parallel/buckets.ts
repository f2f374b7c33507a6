/** The sizes of the buckets in which gradients are combined. Source: `_BucketCapacityConfig` in distributed.py. */

const MEBIBYTE = 1024 * 1024;
const DEFAULT_MEBIBYTES = 25;
const DEFAULT_FIRST_BYTES = MEBIBYTE;
/** Python's `sys.maxsize`. */
const UNLIMITED = 2n ** 63n - 1n;

export interface Buckets {
  readonly bytes: number;
  readonly firstBytes: number;
  /** Of each bucket, if the user gave them. */
  readonly each: readonly number[];
}

const toBytes = (mebibytes: number): number => Math.trunc(mebibytes * MEBIBYTE);

export function bucketsOf(mebibytes: number | null, list: readonly number[] | null): Buckets {
  const each = (list ?? []).map(toBytes);
  const bytes = toBytes(each.length > 0 ? Math.max(...list!) : (mebibytes ?? DEFAULT_MEBIBYTES));
  const isDefault = mebibytes === null && each.length === 0;
  return { bytes, firstBytes: isDefault ? DEFAULT_FIRST_BYTES : bytes, each };
}

/** Returns the limits of the buckets before the first backward pass, and of those that are rebuilt after it. */
export function limitsOf(
  { bytes, firstBytes, each }: Buckets,
  findsUnused: boolean,
): [first: readonly (number | bigint)[], rebuilt: readonly number[]] {
  if (each.length > 0) return [each, each];
  if (!findsUnused) return [[UNLIMITED], []];
  return [firstBytes < bytes ? [firstBytes, bytes] : [bytes], []];
}
