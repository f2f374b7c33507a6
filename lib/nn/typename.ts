/** Names of types for messages, as in Python. */

import { handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { isOptions } from '../dispatch/arguments';
import { dtypeFromCode } from '../tensor/dtype_table';
import { isInt } from '../tensor/scalar';

const TENSORS: Record<string, string> = {
  float32: 'Float',
  float64: 'Double',
  float16: 'Half',
  bfloat16: 'BFloat16',
  int64: 'Long',
  int32: 'Int',
  int16: 'Short',
  int8: 'Char',
  uint8: 'Byte',
  bool: 'Bool',
  complex64: 'ComplexFloat',
  complex128: 'ComplexDouble',
};

/** Returns `torch.typename` of the corresponding Python value: `torch.FloatTensor`, `int`, `str`. */
export function typename(value: unknown): string {
  const handle = handleOf(value);
  if (handle) {
    const [device] = native.device(handle).split(':');
    const dtype = dtypeFromCode(native.dtype(handle)).name;
    return `torch.${device === 'cpu' ? '' : `${device}.`}${TENSORS[dtype] ?? dtype}Tensor`;
  }
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'number':
      return isInt(value) ? 'int' : 'float';
    case 'bigint':
      return 'int';
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'object':
      return isOptions(value) ? 'dict' : (value.constructor?.name ?? 'object');
    default:
      return value.constructor?.name || 'function';
  }
}

/** Formats a shape as Python does: `torch.Size([2, 3])`. */
export const sizeText = (shape: readonly number[]): string => `torch.Size([${shape.join(', ')}])`;
