/** How a cross entropy is computed in chunks. Source: torch/nn/modules/linear_cross_entropy_options.py. */
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

/** `'balanced'` is torch 2.13's alone. */
export type AccPolicy = 'auto' | 'accurate' | 'balanced' | 'compact';
export type ChunkingMethod = 'auto' | 'aspect_ratio' | `aspect_ratio:${number}`;

/** The fields of {@link LinearCrossEntropyOptions}. */
export interface LinearCrossEntropyOptionsFields {
  /**
   * Whether `backward()` may run more than once. If not, the first one uses the gradients up, which were computed with
   * the loss, and the second throws; if so, each takes memory for gradients of its own. Means nothing for
   * `reduction: 'none'`, which may always. Default: false.
   */
  allow_retain_graph?: boolean;
  /** Rows of a chunk; fewer take less memory and more calls. Not together with `chunking_method`. Default: null. */
  batch_chunk_size?: number | null;
  /**
   * How many rows a chunk has where `batch_chunk_size` does not say it. Default: `'auto'`.
   *
   * - `'auto'`: `'aspect_ratio'`, with `'compact'` at most so many that chunks take no more memory than the whole
   *   batch at once; in torch 2.13 by device and dtype `'aspect_ratio'` or `'aspect_ratio:2'`
   * - `'aspect_ratio'`: so many that their logits take about as much memory as the whole input
   * - `'aspect_ratio:N'`: a N-th of that
   * - `null`: the whole batch
   */
  chunking_method?: ChunkingMethod | null;
  /**
   * What of half precision is computed in `acc_dtype`, and what memory that may take. Default: `'auto'`.
   *
   * - `'auto'`: by device and dtype, `'accurate'` (half precision on a CPU) or `'compact'`
   * - `'accurate'`: the most; on a CPU the fastest too
   * - `'compact'`: where gradients need it, without memory for another gradient of the weight where the device can
   * - `'balanced'`: the same with that memory; in torch 2.13 alone
   */
  acc_policy?: AccPolicy;
  /** The dtype of sums. Default: null, the input's, or with `acc_policy: 'auto'` float32 for half precision. */
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
 * How {@link LinearCrossEntropyLoss} and `linear_cross_entropy` compute in chunks of the batch, so that the logits of
 * all rows never exist at once. Worth it where there are more classes than features, and at least as many rows.
 *
 * `new nn.LinearCrossEntropyOptions()` chooses by device and dtype. An object cannot be changed. Gradients of gradients
 * are not supported; what chunks cannot do (`label_smoothing`, a K-dimensional loss, and class probabilities before torch
 * 2.14, with `reduction: 'none'` or with gradients of their own) is computed all at once, with a warning.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyOptions.html
 *
 * @throws RangeError (ValueError) for a value that a field does not take
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

  /** As they cross to the native side. @internal */
  static marshal(options: LinearCrossEntropyOptions): MarshalledLinearCrossEntropyOptions {
    if (typeof options === 'object' && options !== null && #marshalled in options) {
      return options.#marshalled;
    }
    throw typeError(`must be LinearCrossEntropyOptions, got ${describe(options)}`);
  }

  /** The options that `'auto'` and null come to for a batch; `device: null` takes the fallback. */
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
