/** Legacy tensor types: `torch.FloatTensor` and similar functions. */
import { typeError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';
import { describe } from '../dispatch/arguments';
import { tensor } from './creation';
import type { DType } from './dtype';
import * as dtypes from './dtype';
import { type AnyTypedArray, isTypedArray, type NestedList } from './elements';
import { operator } from './methods/signature';
import type { Tensor } from './tensor';

/**
 * A legacy tensor type: `torch.FloatTensor(2, 3)` has undefined elements, `torch.FloatTensor([1, 2])` has these
 * elements.
 */
export interface TypedTensor {
  (...size: number[]): Tensor;
  (data: NestedList | AnyTypedArray): Tensor;
}

const empty = operator('empty', 'memory_format');

function typed(name: string, dtype: DType): TypedTensor {
  const make = (...args: unknown[]): Tensor => {
    const [first] = args;
    if (args.length === 1 && (Array.isArray(first) || isTypedArray(first))) {
      return tensor(first, { dtype, device: 'cpu' });
    }
    if (args.every(Number.isSafeInteger)) return empty(args.length === 0 ? [0] : args, { dtype });
    const given = handleOf(first) === undefined ? describe(first) : 'a Tensor';
    throw typeError(`${name}(): takes sizes or a list of numbers, got ${given}`);
  };
  return Object.defineProperty(make, 'name', { value: name });
}

export const FloatTensor = typed('FloatTensor', dtypes.float32);
export const DoubleTensor = typed('DoubleTensor', dtypes.float64);
export const HalfTensor = typed('HalfTensor', dtypes.float16);
export const BFloat16Tensor = typed('BFloat16Tensor', dtypes.bfloat16);
export const LongTensor = typed('LongTensor', dtypes.int64);
export const IntTensor = typed('IntTensor', dtypes.int32);
export const ShortTensor = typed('ShortTensor', dtypes.int16);
export const CharTensor = typed('CharTensor', dtypes.int8);
export const ByteTensor = typed('ByteTensor', dtypes.uint8);
export const BoolTensor = typed('BoolTensor', dtypes.bool);
