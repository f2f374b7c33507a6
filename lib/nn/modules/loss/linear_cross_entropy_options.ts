/** Options for computing a cross entropy in chunks. Source: torch/nn/modules/linear_cross_entropy_options.py. */
import { inspect } from 'node:util';
import { typeError, valueError } from '../../../bindings/errors';
import { isSince } from '../../../bindings/libtorch/versions';
import {
  libtorch,
  type MarshalledLinearCrossEntropyOptions,
  native,
} from '../../../bindings/native';
import { describe } from '../../../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  mismatch,
  optional,
  Signature,
  type Type,
} from '../../../dispatch/signature';
import type { DeviceLike } from '../../../tensor/device';
import { bfloat16, type DType, float16, float32, float64 } from '../../../tensor/dtype';
import { dtypeFromCode } from '../../../tensor/dtype_table';
import { repr } from '../../../utils/python';

/** The precision policies. Only torch 2.13 has `'balanced'`. */
export type AccPolicy = 'auto' | 'accurate' | 'balanced' | 'compact';
export type ChunkingMethod = 'auto' | 'aspect_ratio' | `aspect_ratio:${number}`;

/** The fields of {@link LinearCrossEntropyOptions}. */
export interface LinearCrossEntropyOptionsFields {
  /**
   * Whether `backward()` may run more than once. If false, the gradients are computed together with the loss; the first
   * `backward()` consumes them, and a second one throws. If true, each `backward()` allocates memory for its own
   * gradients. Without effect for `reduction: 'none'`, which always allows it. Default: false.
   */
  allow_retain_graph?: boolean;
  /**
   * The number of rows in a chunk. Fewer rows take less memory and more calls. Cannot be combined with
   * `chunking_method`. Default: null.
   */
  batch_chunk_size?: number | null;
  /**
   * The rule for the number of rows in a chunk if `batch_chunk_size` is null. Default: `'auto'`.
   *
   * - `'auto'`: `'aspect_ratio'`; with `'compact'`, at most as many rows as keep the chunks' memory below that of the
   *   whole
   *   batch. In torch 2.13: `'aspect_ratio'` or `'aspect_ratio:2'`, by device and dtype
   * - `'aspect_ratio'`: as many rows as have logits of about the memory of the whole input
   * - `'aspect_ratio:N'`: one N-th of that number
   * - `null`: the whole batch
   */
  chunking_method?: ChunkingMethod | null;
  /**
   * Which parts of a half-precision computation use `acc_dtype`, and how much memory they may take. Default: `'auto'`.
   *
   * - `'auto'`: `'accurate'` (half precision on a CPU) or `'compact'`, by device and dtype
   * - `'accurate'`: as many parts as possible. On a CPU also the fastest
   * - `'compact'`: the parts that gradients need. If the device allows, without memory for a second gradient of the
   *   weight
   * - `'balanced'`: like `'compact'`, with that memory. Only in torch 2.13
   */
  acc_policy?: AccPolicy;
  /** The dtype of sums. Default: null, the input's dtype. With `acc_policy: 'auto'`, float32 for half precision. */
  acc_dtype?: DType | null;
}

const SIGNATURE = new Signature('LinearCrossEntropyOptions', {
  allow_retain_graph: optional(BOOL, false),
  batch_chunk_size: optional(ANYTHING as Type<number | null>, null),
  chunking_method: optional(ANYTHING as Type<ChunkingMethod | null>, 'auto'),
  acc_policy: optional(ANYTHING as Type<AccPolicy>, 'auto'),
  acc_dtype: optional(ANYTHING as Type<DType | null>, null),
});
const FIELDS = SIGNATURE.parameters.map(
  ({ name }) => name as keyof LinearCrossEntropyOptionsFields,
);

const IS_SINCE_214 = isSince('2.14', libtorch.version);
const ACC_POLICIES: readonly unknown[] = IS_SINCE_214
  ? ['auto', 'accurate', 'compact']
  : ['auto', 'accurate', 'balanced', 'compact'];
const ACC_DTYPES: readonly unknown[] = [float16, bfloat16, float32, float64];

/**
 * Options that make {@link LinearCrossEntropyLoss} and `linear_cross_entropy` compute in chunks of the batch, so that the
 * logits of all rows never exist at once. This pays if there are more classes than features, and at least as many rows
 * as features.
 *
 * `new nn.LinearCrossEntropyOptions()` chooses by device and dtype. An object cannot be changed. Gradients of gradients
 * are not supported.
 *
 * Chunks do not support `label_smoothing` and K-dimensional losses. They support class probabilities since torch 2.14,
 * if these need no gradient and `reduction` is not `'none'`. Everything else is computed without chunks, with a warning.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyOptions.html
 *
 * @throws RangeError (ValueError) for an invalid value of a field
 */
export class LinearCrossEntropyOptions implements Required<LinearCrossEntropyOptionsFields> {
  static readonly signature = SIGNATURE.description;

  declare readonly allow_retain_graph: boolean;
  declare readonly batch_chunk_size: number | null;
  declare readonly chunking_method: ChunkingMethod | null;
  declare readonly acc_policy: AccPolicy;
  declare readonly acc_dtype: DType | null;
  readonly #marshalled: MarshalledLinearCrossEntropyOptions;

  constructor(fields?: LinearCrossEntropyOptionsFields);
  constructor(...args: unknown[]) {
    for (const [name, value] of Object.entries(SIGNATURE.read(args))) {
      Object.defineProperty(this, name, { value, enumerable: true });
    }
    checkFields(this);
    const { allow_retain_graph, batch_chunk_size, chunking_method, acc_policy, acc_dtype } = this;
    this.#marshalled = [
      allow_retain_graph,
      batch_chunk_size,
      chunking_method,
      acc_policy,
      acc_dtype?.code,
    ];
    Object.freeze(this);
  }

  /** Returns the options as they are passed to the native side. @internal */
  static marshal(options: LinearCrossEntropyOptions): MarshalledLinearCrossEntropyOptions {
    if (typeof options === 'object' && options !== null && #marshalled in options) {
      return options.#marshalled;
    }
    throw typeError(`must be LinearCrossEntropyOptions, got ${describe(options)}`);
  }

  /**
   * Returns options in which `'auto'` and null are replaced by the values for a batch. `device: null` uses the fallback
   * of torch.
   */
  _adjust(
    num_batches: number,
    in_features: number,
    num_classes: number,
    dtype: DType,
    device: DeviceLike | null = null,
    prob_target = false,
  ): LinearCrossEntropyOptions {
    const [allow_retain_graph, batch_chunk_size, chunking_method, acc_policy, acc_dtype] =
      native.adjust_linear_cross_entropy_options(
        this.#marshalled,
        num_batches,
        in_features,
        num_classes,
        dtype.code,
        device === null ? null : String(device),
        prob_target,
      );
    return new LinearCrossEntropyOptions({
      allow_retain_graph,
      batch_chunk_size: batch_chunk_size ?? null,
      chunking_method: (chunking_method ?? null) as ChunkingMethod | null,
      acc_policy: acc_policy as AccPolicy,
      acc_dtype: dtypeFromCode(acc_dtype!),
    });
  }

  toString(): string {
    return `LinearCrossEntropyOptions(${FIELDS.map((name) => `${name}=${repr(this[name])}`).join(', ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function checkFields(options: LinearCrossEntropyOptions): void {
  const { batch_chunk_size, chunking_method, acc_policy, acc_dtype } = options;
  if (!ACC_POLICIES.includes(acc_policy)) {
    const expected = IS_SINCE_214 ? `; expected one of ${ACC_POLICIES.map(repr).join(', ')}` : '';
    throw valueError(`invalid acc_policy: ${repr(acc_policy)}${expected}`);
  }
  if (chunking_method !== null && chunking_method !== 'auto') checkMethod(chunking_method);
  if (
    batch_chunk_size !== null &&
    !(Number.isSafeInteger(batch_chunk_size) && batch_chunk_size > 0)
  ) {
    throw valueError(
      `batch_chunk_size must be positive int or None, got ${repr(batch_chunk_size)}`,
    );
  }
  if (acc_dtype !== null && !ACC_DTYPES.includes(acc_dtype)) {
    throw valueError(
      `acc_dtype must be one of {None, ${ACC_DTYPES.join(', ')}}, got ${repr(acc_dtype)}. ` +
        'Pass acc_dtype=None to let the op pick automatically.',
    );
  }
}

function checkMethod(method: unknown): void {
  if (typeof method !== 'string')
    throw mismatch(SIGNATURE, 'chunking_method', 'a string or null', method);
  if (!/^aspect_ratio(:0*[1-9][0-9]*)?$/.test(method)) {
    throw valueError(`invalid chunking_method: ${repr(method)}`);
  }
}
