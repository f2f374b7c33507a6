/** Conversions to another dtype or device. */

import { runtimeError, valueError } from '../../bindings/errors';
import { isTensor, tensorHandle } from '../../bindings/handle';
import { startPinning } from '../../cuda/state';
import { bind, type Callee } from '../../dispatch/arguments';
import { Device, type DeviceLike, device, hasAccelerator, NO_ACCELERATOR } from '../device';
import * as dtypes from '../dtype';
import { DType } from '../dtype';
import type { MemoryFormat } from '../layout';
import type { Tensor } from '../tensor';
import { composed, type None, operator, type Signature, type TensorMethod } from './signature';

const convert = operator('to', 'dtype_layout');

export interface Conversion {
  dtype?: DType | null;
  device?: DeviceLike | null;
  non_blocking?: boolean;
  copy?: boolean;
  memory_format?: MemoryFormat | null;
}

// --- to --------------------------------------------------------------------------------------------------------------

const toCallee = (...names: string[]): Callee => ({
  name: 'to',
  parameters: [...names.map((name) => ({ name })), { name: 'memory_format', keywordOnly: true }],
});
const TO_DEVICE = toCallee('device', 'dtype', 'non_blocking', 'copy');
const TO_DTYPE = toCallee('dtype', 'non_blocking', 'copy');
const TO_OTHER = toCallee('other', 'non_blocking', 'copy');

function conversionOf(args: readonly unknown[]): Conversion {
  const [first] = args;
  const options = args.at(-1) as { other?: Tensor } | undefined;
  if (isTensor(first) || (options && isTensor(options.other))) {
    const [other, non_blocking, copy, memory_format] = bind(TO_OTHER, args);
    const { dtype, device } = other as Tensor;
    return { dtype, device, non_blocking, copy, memory_format } as Conversion;
  }
  if (first instanceof DType) {
    const [dtype, non_blocking, copy, memory_format] = bind(TO_DTYPE, args);
    return { dtype, non_blocking, copy, memory_format } as Conversion;
  }
  const [device, dtype, non_blocking, copy, memory_format] = bind(TO_DEVICE, args);
  return { device, dtype, non_blocking, copy, memory_format } as Conversion;
}

type To = [
  Signature<[dtype: DType, non_blocking?: boolean, copy?: boolean], Conversion & { dtype: DType }>,
  Signature<
    [device: DeviceLike, dtype?: DType | null, non_blocking?: boolean, copy?: boolean],
    Conversion & { device: DeviceLike }
  >,
  Signature<
    [other: Tensor, non_blocking?: boolean, copy?: boolean],
    Omit<Conversion, 'dtype' | 'device'> & { other: Tensor }
  >,
  Signature<[device?: null, dtype?: DType | null, non_blocking?: boolean], Conversion>,
];

// --- type ------------------------------------------------------------------------------------------------------------

const TYPE_NAMES = new Map<string, DType>([
  ['FloatTensor', dtypes.float32],
  ['DoubleTensor', dtypes.float64],
  ['HalfTensor', dtypes.float16],
  ['BFloat16Tensor', dtypes.bfloat16],
  ['ComplexFloatTensor', dtypes.complex64],
  ['ComplexDoubleTensor', dtypes.complex128],
  ['ByteTensor', dtypes.uint8],
  ['CharTensor', dtypes.int8],
  ['ShortTensor', dtypes.int16],
  ['IntTensor', dtypes.int32],
  ['LongTensor', dtypes.int64],
  ['BoolTensor', dtypes.bool],
  ['UInt16Tensor', dtypes.uint16],
  ['UInt32Tensor', dtypes.uint32],
  ['UInt64Tensor', dtypes.uint64],
  ['ComplexHalfTensor', dtypes.complex32],
]);

function typeName(tensor: Tensor): string {
  const { dtype, device } = tensor;
  const module = device.type === 'cpu' ? 'torch' : `torch.${device.type}`;
  for (const [name, named] of TYPE_NAMES) if (named === dtype) return `${module}.${name}`;
  return `${module}.${dtype.name[0]!.toUpperCase()}${dtype.name.slice(1)}Tensor`;
}

function typeNamed(name: string): Conversion {
  const parts = name.split('.');
  const dtype = TYPE_NAMES.get(parts.at(-1) ?? '');
  if (!dtype || parts[0] !== 'torch' || parts.length > 3)
    throw valueError(`invalid type: '${name}'`);
  return { dtype, device: parts.length === 3 ? parts[1]! : 'cpu' };
}

// --- the methods -------------------------------------------------------------------------------------------------------

type Formatted = Signature<[], { memory_format?: MemoryFormat }>;

function cast(name: string, dtype: DType): Cast {
  return composed(
    name,
    ['memory_format'],
    (input: Tensor, memory_format?: MemoryFormat): Tensor =>
      convert(input, { dtype, memory_format }),
  );
}

function toCpu(input: Tensor, memory_format?: MemoryFormat): Tensor {
  return convert(input, { device: 'cpu', memory_format });
}

/** Implements `x.cuda(1)`, which moves x to `cuda:1`. */
function toCuda(
  input: Tensor,
  to: DeviceLike | null = null,
  non_blocking?: boolean,
  memory_format?: MemoryFormat,
): Tensor {
  const named = to === null ? 'cuda' : device(to);
  if (named instanceof Device && named.type !== 'cuda') {
    throw runtimeError('Invalid device, must be cuda device');
  }
  return convert(input, { device: named, non_blocking, memory_format });
}

function typeOf(input: Tensor, dtype?: DType | string | null, non_blocking?: boolean): unknown {
  if (dtype === undefined || dtype === null) return typeName(input);
  const conversion = typeof dtype === 'string' ? typeNamed(dtype) : { dtype };
  return convert(input, { ...conversion, non_blocking });
}

function typeAs(input: Tensor, other: Tensor): Tensor {
  tensorHandle(other, { name: 'type_as', parameters: [] }, 'other');
  return convert(input, { dtype: other.dtype, device: other.device });
}

const pin = operator('pin_memory');
const isPinned = operator('is_pinned');

function pinMemory(input: Tensor): Tensor {
  startPinning();
  if (!hasAccelerator()) throw runtimeError(NO_ACCELERATOR);
  return pin(input);
}

function to(this: Tensor, ...args: unknown[]): Tensor {
  return convert(this, { ...conversionOf(args) });
}

type Cast = TensorMethod<Formatted>;

/** Methods that convert. Each returns the tensor itself if there is nothing to change. */
export interface Conversions {
  float: Cast;
  double: Cast;
  half: Cast;
  bfloat16: Cast;
  cfloat: Cast;
  cdouble: Cast;
  long: Cast;
  int: Cast;
  short: Cast;
  char: Cast;
  byte: Cast;
  bool: Cast;
  cpu: Cast;
  cuda: TensorMethod<
    Signature<
      [device?: DeviceLike | null, non_blocking?: boolean],
      { device?: DeviceLike | null; non_blocking?: boolean; memory_format?: MemoryFormat }
    >
  >;

  /**
   * Returns a copy in page-locked memory, from which `non_blocking` copies to a GPU run without waiting. See
   * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.pin_memory.html
   */
  pin_memory: TensorMethod<Signature>;
  is_pinned: TensorMethod<Signature<[], None, boolean>>;

  /**
   * `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)`.
   * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
   */
  to: TensorMethod<To>;

  /**
   * Without arguments, returns the name of the tensor's type, such as `torch.FloatTensor`. With one, converts to that
   * type. See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type.html
   */
  type: TensorMethod<
    [
      Signature<[], object, string>,
      Signature<
        [dtype: DType | string, non_blocking?: boolean],
        { dtype: DType | string; non_blocking?: boolean }
      >,
    ]
  >;
  type_as: TensorMethod<Signature<[other: Tensor], { other: Tensor }>>;
}

export const conversions: Conversions = {
  float: cast('float', dtypes.float32),
  double: cast('double', dtypes.float64),
  half: cast('half', dtypes.float16),
  bfloat16: cast('bfloat16', dtypes.bfloat16),
  cfloat: cast('cfloat', dtypes.complex64),
  cdouble: cast('cdouble', dtypes.complex128),
  long: cast('long', dtypes.int64),
  int: cast('int', dtypes.int32),
  short: cast('short', dtypes.int16),
  char: cast('char', dtypes.int8),
  byte: cast('byte', dtypes.uint8),
  bool: cast('bool', dtypes.bool),
  cpu: composed('cpu', ['memory_format'], toCpu),
  cuda: composed('cuda', ['device', 'non_blocking', 'memory_format'], toCuda),
  pin_memory: composed('pin_memory', [], pinMemory),
  is_pinned: composed('is_pinned', [], (input: Tensor) => isPinned(input)),
  to: to as TensorMethod<To>,
  type: composed('type', ['dtype', 'non_blocking'], typeOf),
  type_as: composed('type_as', ['other!'], typeAs),
};
