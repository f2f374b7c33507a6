/** Values of TorchScript as they are passed to the native side and back: native/scripts/values.h. */
import { typeError } from '../bindings/errors';
import { describeTensor, handleOf, isTensor } from '../bindings/handle';
import type { Encoded } from '../bindings/native/scripts';
import { wrap } from '../bindings/wrap';
import { isOptions } from '../dispatch/arguments';
import { named } from '../dispatch/operators';
import { fitsObject } from '../serialization/pickle/values';
import { Device } from '../tensor/device';
import { DType } from '../tensor/dtype_table';
import { Float, isComplex } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';

const TAG = { tensor: 0, float: 1, complex: 2, list: 3, dict: 4, tuple: 5, device: 6, dtype: 7 };

/** The deepest nesting of lists and dictionaries in an argument. */
const DEEPEST = 100;

/**
 * Encodes an argument.
 *
 * @param tensors - gets the tensors in it, in order
 * @throws TypeError for a value that TorchScript has not
 */
export function encode(value: unknown, tensors: Tensor[], depth = 0): Encoded {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return value;
    case 'object':
      if (value === null) return null;
      if (depth > DEEPEST) throw typeError(`an argument is nested deeper than ${DEEPEST} levels`);
      return encodeObject(value, tensors, depth + 1);
    default:
      throw unknownValue(value);
  }
}

const unknownValue = (value: unknown): Error =>
  typeError(`TorchScript has no value for ${describeTensor(value)}`);

function encodeObject(value: object, tensors: Tensor[], depth: number): Encoded {
  if (isTensor(value)) {
    const handle = handleOf(value);
    if (!handle) throw unknownValue(value);
    tensors.push(value as Tensor);
    return [TAG.tensor, handle];
  }
  if (value instanceof Float) return [TAG.float, value.value];
  if (isComplex(value)) return [TAG.complex, [value.re, value.im]];
  if (value instanceof Device) return [TAG.device, value.name];
  if (value instanceof DType) return [TAG.dtype, value.code];
  const encodeAll = (values: readonly unknown[]): Encoded[] =>
    Array.from(values, (member) => encode(member, tensors, depth));
  if (Array.isArray(value)) return [TAG.list, encodeAll(value)];
  if (!(value instanceof Map) && !isOptions(value)) throw unknownValue(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return [TAG.dict, entries.map(encodeAll)];
}

/**
 * Decodes a result: a tuple or list is an array, a named tuple an object that can be iterated, and a dictionary a plain
 * object, or a Map if its keys are not texts.
 *
 * @param tensors - the tensors of the arguments, which are the same objects in the result
 */
export function decode(value: Encoded, tensors: readonly Tensor[]): unknown {
  if (!Array.isArray(value)) return value;
  const [tag, payload, names] = value as [number, never, string[] | undefined];
  const decodeAll = (values: readonly Encoded[]): unknown[] =>
    values.map((member) => decode(member, tensors));
  switch (tag) {
    case TAG.tensor:
      return payload < 0 ? tensors[-payload - 1] : wrap(payload);
    case TAG.list:
      return decodeAll(payload);
    case TAG.tuple: {
      const members = decodeAll(payload);
      return names
        ? named(
            names.map((name) => ({ name })),
            members,
          )
        : members;
    }
    case TAG.dict: {
      const entries = (payload as Encoded[][]).map(decodeAll) as [string, unknown][];
      const isObject = fitsObject(entries.map(([key]) => key));
      return isObject ? Object.fromEntries(entries) : new Map(entries);
    }
    default:
      return new Device(payload);
  }
}
