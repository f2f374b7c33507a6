/** Makes a batch of samples. Source: torch/utils/data/_utils/collate.py. */
import { createError, indexError, runtimeError, typeError } from '../../../bindings/errors';
import { describe, isOptions } from '../../../dispatch/arguments';
import { TENSOR } from '../../../dispatch/signature';
import { as_tensor, tensor } from '../../../tensor/creation';
import { float64, int64 } from '../../../tensor/dtype';
import { stack } from '../../../tensor/functions';
import { strided } from '../../../tensor/layout';
import { Float } from '../../../tensor/scalar';
import type { Tensor } from '../../../tensor/tensor';
import { checkDepth, mapped } from './containers';

/** What {@link default_convert} makes of a value. */
export type Converted<Value> = Value extends Tensor | string | Buffer
  ? Value
  : Value extends ArrayBufferView
    ? Tensor
    : Value extends readonly unknown[] | Map<unknown, unknown> | Record<string, unknown>
      ? Mapped<Value, 'convert'>
      : Value;

/** What {@link default_collate} makes of samples. */
export type Collated<Sample> = Sample extends
  | Tensor
  | ArrayBufferView
  | number
  | bigint
  | boolean
  | Float
  ? Sample extends Buffer
    ? Sample[]
    : Tensor
  : Sample extends string
    ? string[]
    : Sample extends readonly unknown[] | Map<unknown, unknown> | Record<string, unknown>
      ? Mapped<Sample, 'collate'>
      : unknown;

type Member<Value, How> = How extends 'collate' ? Collated<Value> : Converted<Value>;
type Mapped<Value, How> =
  Value extends Map<infer Key, infer Each>
    ? Map<Key, Member<Each, How>>
    : { -readonly [Key in keyof Value]: Member<Value[Key], How> };

const isBytes = (value: unknown): value is Buffer => Buffer.isBuffer(value);
const isArray = (value: unknown): value is ArrayBufferView =>
  ArrayBuffer.isView(value) && !(value instanceof DataView) && !isBytes(value);

/**
 * Converts typed arrays to tensors, in containers too. Other values are left as they are. A loader without batches uses
 * it.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_convert
 */
export function default_convert<Value>(data: Value): Converted<Value> {
  return converted(data, 0) as Converted<Value>;
}

function converted(data: unknown, depth: number): unknown {
  checkDepth(depth);
  if (TENSOR.accepts(data)) return data;
  if (isArray(data)) return as_tensor(data as Uint8Array);
  return mapped(data, (member) => converted(member, depth + 1)) ?? data;
}

/**
 * Makes one batch of samples: tensors and typed arrays are stacked, numbers become a tensor, strings and Buffers an
 * array, and arrays, plain objects and Maps are collated by member.
 *
 * Numbers become int64 if all are integers, else float64. Mark a number that may be integral and is a float with
 * `torch.asFloat`.
 *
 * See https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
 *
 * @throws TypeError for samples of another kind; TorchError (RuntimeError) for arrays of several lengths
 */
export function default_collate<Sample>(batch: readonly Sample[]): Collated<Sample> {
  if (!Array.isArray(batch)) {
    throw typeError(`default_collate(): argument 'batch' must be an array, got ${describe(batch)}`);
  }
  return collated(batch, 0) as Collated<Sample>;
}

function collated(batch: readonly unknown[], depth: number): unknown {
  checkDepth(depth);
  if (batch.length === 0) throw indexError('list index out of range');
  const [first] = batch;
  if (TENSOR.accepts(first)) return stacked(batch as Tensor[]);
  if (isArray(first)) return stacked(batch.map((each) => as_tensor(each as Uint8Array)));
  if (isNumber(first)) return numbers(batch);
  if (typeof first === 'boolean') return tensor(batch as boolean[]);
  if (typeof first === 'string' || isBytes(first)) return [...batch];
  if (Array.isArray(first)) checkLengths(batch, first.length);
  const result = mapped(first, (_, key) =>
    collated(
      batch.map((sample) => memberOf(sample, key)),
      depth + 1,
    ),
  );
  if (result !== undefined) return result;
  throw typeError(
    `default_collate: batch must contain tensors, typed arrays, numbers, objects or arrays; found ${describe(first)}`,
  );
}

const isNumber = (value: unknown): value is number | bigint | Float =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;

const isInteger = (value: unknown): boolean =>
  typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));

function numbers(batch: readonly unknown[]): Tensor {
  if (batch.every(isInteger)) return tensor(batch as number[], { dtype: int64 });
  const floats = batch.map((value) => (value instanceof Float ? value.value : value));
  return tensor(floats as number[], { dtype: float64 });
}

function stacked(tensors: readonly Tensor[]): Tensor {
  const first = tensors[0]!;
  if (first.layout === strided) return stack(tensors, 0);
  throw runtimeError(
    'Batches of sparse tensors are not currently supported by the default collate_fn; please provide a custom ' +
      'collate_fn to handle them appropriately.',
  );
}

function checkLengths(batch: readonly unknown[], length: number): void {
  for (const sample of batch) {
    if (!Array.isArray(sample)) {
      throw typeError(
        `default_collate: a sample must be an array as the first, got ${describe(sample)}`,
      );
    }
    if (sample.length !== length) {
      throw runtimeError('each element in list of batch should be of equal size');
    }
  }
}

function memberOf(sample: unknown, key: unknown): unknown {
  if (Array.isArray(sample)) return sample[key as number];
  const has =
    sample instanceof Map
      ? sample.has(key)
      : isOptions(sample) && Object.hasOwn(sample, key as string);
  if (!has) throw createError('KeyError', typeof key === 'string' ? `'${key}'` : String(key));
  return sample instanceof Map
    ? sample.get(key)
    : (sample as Record<string, unknown>)[key as string];
}
