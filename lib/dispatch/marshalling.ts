/** Converts the arguments of operators to the values that are passed to the native side, by the types in the schema. */

import { type Handle, handleOf } from '../bindings/handle';
import { type Kind, native, type SchemaArgument } from '../bindings/native';
import { Generator } from '../random/generator';
import { Device, type DeviceLike, deviceName } from '../tensor/device';
import { DType } from '../tensor/dtype';
import { dtypeFromCode } from '../tensor/dtype_table';
import { Layout, MemoryFormat } from '../tensor/layout';
import { type Complex, Float, isInt, type MarshalledScalar, marshalScalar } from '../tensor/scalar';

/** Describes the values that each type accepts, for the message about a {@link REJECTED} one. */
export const EXPECTED: Record<Kind, string> = {
  Tensor: 'a Tensor',
  'Tensor[]': 'an array of Tensors',
  'Tensor?[]': 'an array of Tensors and nulls',
  int: 'an integer',
  float: 'a number',
  bool: 'a boolean',
  Scalar: 'a number',
  complex: 'a number or { re, im }',
  str: 'a string',
  dtype: 'a torch.dtype',
  layout: 'a torch.layout',
  memory_format: 'a torch.memory_format',
  Device: 'a torch.device, its name or its number',
  Generator: 'a torch.Generator',
  'int[]': 'an array of integers',
  'float[]': 'an array of numbers',
  'bool[]': 'an array of booleans',
  'Scalar[]': 'an array of numbers',
  'str[]': 'an array of strings',
  'Tensor[][]': 'an array of arrays of Tensors',
  ProcessGroup: 'a ProcessGroup',
  group: 'a ProcessGroup or its name',
  ReduceOp: 'a ReduceOp',
  Work: 'a Work',
  unsupported: 'of a type that JavaScript has',
};

/** The result for a value that a type does not accept. */
export const REJECTED = Symbol('rejected');

type Marshal = (value: unknown, argument: SchemaArgument) => unknown;

/** Returns whether a value is an integer that fits into 64 bits and was not rounded. */
export const isInt64 = (value: unknown): boolean =>
  Number.isSafeInteger(value) || (typeof value === 'bigint' && BigInt.asIntN(64, value) === value);

// Returns the value of a 0-d tensor that needs no gradient. Python accepts such a tensor for a number.
function numberOf(value: unknown): number | bigint | boolean | Complex | undefined {
  const handle = handleOf(value);
  if (!handle || native.dim(handle) !== 0 || native.requires_grad(handle)) return undefined;
  return native.item(handle);
}

function marshalTensor(value: unknown): unknown {
  return handleOf(value) || REJECTED;
}

function marshalInt(value: unknown): unknown {
  if (isInt64(value)) return value;
  const handle = handleOf(value);
  if (!handle) return REJECTED;
  const number = numberOf(value);
  return isInt(number) && !isFloating(handle) ? number : REJECTED;
}

const isFloating = (handle: Handle): boolean =>
  dtypeFromCode(native.dtype(handle)).is_floating_point;

function marshalFloat(value: unknown): unknown {
  if (typeof value === 'number') return value;
  if (value instanceof Float) return value.value;
  const number = numberOf(value);
  return typeof number === 'number' || typeof number === 'bigint' ? Number(number) : REJECTED;
}

function marshalNumber(value: unknown): unknown {
  const marshalled = marshalScalar(value);
  if (marshalled !== undefined) return marshalled;
  const handle = handleOf(value);
  if (!handle) return REJECTED;
  const number = numberOf(value);
  if (number === undefined) return REJECTED;
  // The number 2 from a floating-point tensor is the float 2.0, not an int.
  return typeof number === 'number' && isFloating(handle)
    ? ([number] satisfies MarshalledScalar)
    : marshalScalar(number);
}

const list =
  (marshal: Marshal): Marshal =>
  (value, argument) => {
    if (!Array.isArray(value)) return REJECTED;
    const marshalled = new Array<unknown>(value.length);
    for (let index = 0; index < value.length; index++) {
      const element = marshal(value[index], argument);
      if (element === REJECTED) return REJECTED;
      marshalled[index] = element;
    }
    return marshalled;
  };

const typed =
  (type: 'boolean' | 'string'): Marshal =>
  (value) =>
    typeof value === type ? value : REJECTED;

const coded =
  (Class: abstract new (...args: never[]) => { readonly code: number }): Marshal =>
  (value) =>
    value instanceof Class ? value.code : REJECTED;

const marshalInts = list(marshalInt);

/** The classes of torch.distributed, and what they are to the native side. */
interface DistributedClasses {
  /** Returns undefined for a value that is no group. */
  group(value: unknown): object | undefined;
  /** Returns a group's name, or undefined for a value that is no group. */
  nameOf(value: unknown): string | undefined;
  /** Returns undefined for a value that is no operation. */
  reduceOp(value: unknown): number | undefined;
  /** Makes the Work of a collective that is done. */
  work(value: unknown): unknown;
}

/** Undefined until torch.distributed is loaded. */
export let distributed: DistributedClasses | undefined;

export function setDistributedClasses(classes: DistributedClasses): void {
  distributed = classes;
}

/**
 * For each type, converts a value that is neither undefined nor null. Returns {@link REJECTED} if the type does not
 * accept it.
 */
export const MARSHAL: Record<Kind | 'Tensor or number', Marshal> = {
  Tensor: marshalTensor,
  'Tensor or number': (value) => handleOf(value) || (marshalScalar(value) ?? REJECTED),
  'Tensor[]': list(marshalTensor),
  'Tensor?[]': list((element) => (element === null ? null : marshalTensor(element))),
  int: marshalInt,
  float: marshalFloat,
  bool: typed('boolean'),
  Scalar: marshalNumber,
  complex: marshalNumber,
  str: typed('string'),
  dtype: coded(DType),
  layout: coded(Layout),
  memory_format: coded(MemoryFormat),
  Device: (value) =>
    value instanceof Device || typeof value === 'string' || Number.isSafeInteger(value)
      ? deviceName(value as DeviceLike)
      : REJECTED,
  Generator: (value) => (value instanceof Generator ? value.native : REJECTED),
  'int[]': (value, argument) =>
    argument.sized && !Array.isArray(value) ? marshalInt(value) : marshalInts(value, argument),
  'float[]': list(marshalFloat),
  'bool[]': list(typed('boolean')),
  'Scalar[]': list(marshalNumber),
  'str[]': list(typed('string')),
  'Tensor[][]': list(list(marshalTensor)),
  ProcessGroup: (value) => distributed?.group(value) ?? REJECTED,
  group: (value) => (typeof value === 'string' ? value : (distributed?.nameOf(value) ?? REJECTED)),
  ReduceOp: (value) => distributed?.reduceOp(value) ?? REJECTED,
  Work: () => REJECTED,
  unsupported: () => REJECTED,
};
