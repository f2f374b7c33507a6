/**
 * The names that a file of `torch.save` may contain, and the construction of its tensors. Source: torch/_utils.py and
 * _tensor.py.
 */
import { op } from '../nn/ops';
import { Parameter } from '../nn/parameter';
import { type Device, type DeviceLike, device } from '../tensor/device';
import { DType, dtypes } from '../tensor/dtype_table';
import * as layouts from '../tensor/layout';
import { Layout } from '../tensor/layout';
import { Tensor } from '../tensor/tensor';
import { viewOf } from './mapping';
import { nameOf, unpicklingError } from './pickle/unpickler';
import { Dict, Global, Internal, Tuple } from './pickle/values';
import { elementsOf } from './reader';

/** A storage and its dtype, which a persistent id refers to. */
export class Storage extends Internal {
  constructor(
    readonly bytes: Tensor,
    readonly dtype: DType,
  ) {
    super('a storage');
  }
}

/** A class of storages, which a persistent id names. */
export class StorageClass extends Internal {
  constructor(
    name: string,
    readonly dtype: DType,
  ) {
    super(name);
  }
}

/** The storage classes, by the dtypes of their elements. Other dtypes are in an UntypedStorage. */
export const STORAGES: Readonly<Record<string, string>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  ComplexFloatStorage: 'complex64',
  ComplexDoubleStorage: 'complex128',
};

type Geometry = readonly number[];

const conj = op<(self: Tensor) => Tensor>('conj');
const negView = op<(self: Tensor) => Tensor>('_neg_view');
const emptyStrided =
  op<(size: Geometry, stride: Geometry, options: { dtype: DType; device: DeviceLike }) => Tensor>(
    'empty_strided',
  );
const sparseCoo = op<
  (
    indices: Tensor,
    values: Tensor,
    size: Geometry,
    options: { is_coalesced?: boolean | null },
  ) => Tensor
>('sparse_coo_tensor', ['indices_size']);
const sparseCompressed = op<
  (
    compressed: Tensor,
    plain: Tensor,
    values: Tensor,
    size: Geometry,
    options: { dtype: DType; layout: Layout },
  ) => Tensor
>('sparse_compressed_tensor', ['comp_plain_value_size']);

// --- arguments --------------------------------------------------------------------------------------------------------

/** The arguments of a call in a pickle. Each method checks the type of one. */
class Arguments {
  constructor(
    readonly callee: string,
    readonly values: readonly unknown[],
  ) {}

  wrong(problem: string): Error {
    return unpicklingError(`${this.callee}: ${problem}`);
  }

  at<T>(index: number, Class: abstract new (...args: never[]) => T): T {
    const value = this.values[index];
    if (value instanceof Class) return value;
    throw this.wrong(`argument ${index + 1} is of type ${nameOf(value)}`);
  }

  is<T extends 'string' | 'number' | 'boolean'>(
    index: number,
    type: T,
  ): T extends 'string' ? string : T extends 'number' ? number : boolean {
    const value = this.values[index];
    if (typeof value === type) return value as never;
    throw this.wrong(`argument ${index + 1} is of type ${nameOf(value)}`);
  }

  /** A tuple of integers that are not negative. */
  sizes(index: number): number[] {
    const { items } = this.at(index, Tuple);
    if (items.every(isSize)) return items;
    throw this.wrong(`argument ${index + 1} is no tuple of sizes`);
  }

  size(index: number): number {
    const value = this.values[index];
    if (isSize(value)) return value;
    throw this.wrong(`argument ${index + 1} is no size`);
  }
}

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** Returns the shape and strides in arguments, which must go together. */
function geometry(args: Arguments, at: number): { shape: number[]; strides: number[] } {
  const [shape, strides] = [args.sizes(at), args.sizes(at + 1)];
  if (elementsOf(shape) === undefined || shape.length !== strides.length) {
    throw args.wrong(`the shape [${shape}] has strides [${strides}]`);
  }
  return { shape, strides };
}

// --- tensors ----------------------------------------------------------------------------------------------------------

function stridedTensor(args: Arguments, dtype: DType, metadata: unknown): Tensor {
  const { bytes } = args.at(0, Storage);
  const layout = { ...geometry(args, 2), offset: args.size(1) };
  let tensor = viewOf(bytes, dtype, layout, (problem) => args.wrong(`the tensor ${problem}`));
  if (metadata instanceof Dict) {
    if (metadata.get('conj') === true && dtype.is_complex) tensor = conj(tensor);
    if (metadata.get('neg') === true) tensor = negView(tensor);
  }
  return requiring(tensor, args.is(4, 'boolean'));
}

const requiring = (tensor: Tensor, requiresGrad: boolean): Tensor =>
  requiresGrad ? tensor.requires_grad_() : tensor;

function sparseTensor(args: Arguments): Tensor {
  const layout = args.at(0, Layout);
  const data = new Arguments(args.callee, args.at(1, Tuple).items);
  if (layout === layouts.sparse_coo) {
    const coalesced = data.values[3];
    return sparseCoo(data.at(0, Tensor), data.at(1, Tensor), data.sizes(2), {
      is_coalesced: typeof coalesced === 'boolean' ? coalesced : null,
    });
  }
  const values = data.at(2, Tensor);
  return sparseCompressed(data.at(0, Tensor), data.at(1, Tensor), values, data.sizes(3), {
    dtype: values.dtype,
    layout,
  });
}

function metaTensor(args: Arguments): Tensor {
  const { shape, strides } = geometry(args, 1);
  const meta = { dtype: args.at(0, DType), device: 'meta' };
  return requiring(emptyStrided(shape, strides, meta), args.is(3, 'boolean'));
}

const parameter = (args: Arguments): Tensor =>
  new Parameter(args.at(0, Tensor), args.is(1, 'boolean'));

/** Rebuilds a tensor with attributes. The attributes are dropped. */
function withAttributes(args: Arguments): unknown {
  const type = args.at(1, Global).name;
  if (type !== 'torch.Tensor' && type !== PARAMETER) throw args.wrong(`of the class ${type}`);
  return args.at(0, Global).call(args.at(2, Tuple).items);
}

// --- other values -----------------------------------------------------------------------------------------------------

function dict(args: Arguments, type: 'OrderedDict' | 'Counter'): Dict {
  const result = new Dict(type);
  const [entries] = args.values;
  if (entries instanceof Dict) for (const [key, value] of entries) result.set(key, value);
  else if (Array.isArray(entries)) {
    for (const entry of entries) {
      const pair = entry instanceof Tuple ? entry.items : entry;
      if (!Array.isArray(pair) || pair.length !== 2) throw args.wrong('an entry is no pair');
      result.set(pair[0], pair[1]);
    }
  } else if (entries !== undefined) throw args.wrong(`the entries are ${nameOf(entries)}`);
  return result;
}

function encoded(args: Arguments): Uint8Array {
  if (args.is(1, 'string') !== 'latin1') throw args.wrong('the encoding is not latin1');
  return new Uint8Array(Buffer.from(args.is(0, 'string'), 'latin1'));
}

function byteArray(args: Arguments): Uint8Array {
  const [content] = args.values;
  if (content === undefined) return new Uint8Array(0);
  if (typeof content === 'string') return encoded(args);
  return new Uint8Array(args.at(0, Uint8Array));
}

function deviceOf(args: Arguments): Device {
  const index = args.values[1];
  return device(args.is(0, 'string'), index === undefined ? undefined : args.size(1));
}

function layoutNamed(args: Arguments): Layout {
  const name = args.is(0, 'string').replace(/^torch\./, '');
  const layout = (layouts as Record<string, unknown>)[name];
  if (layout instanceof Layout) return layout;
  throw args.wrong(`no layout is called ${name}`);
}

const PARAMETER = 'torch.nn.parameter.Parameter';

const CALLS: Readonly<Record<string, (args: Arguments) => unknown>> = {
  'collections.OrderedDict': (args) => dict(args, 'OrderedDict'),
  'collections.Counter': (args) => dict(args, 'Counter'),
  '_codecs.encode': encoded,
  'builtins.bytearray': byteArray,
  'builtins.bytes': byteArray,
  'builtins.set': (args) => new Set(args.values.length > 0 ? args.at(0, Array) : []),
  'builtins.complex': (args) => ({ re: args.is(0, 'number'), im: args.is(1, 'number') }),
  'torch.Size': (args) => (args.values.length > 0 ? args.at(0, Tuple) : new Tuple([])),
  'torch.device': deviceOf,
  'torch.serialization._get_layout': layoutNamed,
  [PARAMETER]: (args) =>
    new Parameter(args.at(0, Tensor), args.values.length > 1 ? args.is(1, 'boolean') : true),
  'torch.Tensor': (args) => {
    throw args.wrong('a tensor of a legacy file');
  },
  'torch._utils._rebuild_tensor_v2': (args) =>
    stridedTensor(args, args.at(0, Storage).dtype, args.values[6]),
  'torch._utils._rebuild_tensor_v3': (args) =>
    stridedTensor(args, args.at(6, DType), args.values[7]),
  'torch._utils._rebuild_parameter': parameter,
  'torch._utils._rebuild_parameter_with_state': parameter,
  'torch._utils._rebuild_sparse_tensor': sparseTensor,
  'torch._utils._rebuild_meta_tensor_no_storage': metaTensor,
  'torch._tensor._rebuild_from_type_v2': withAttributes,
};

const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...Object.entries(CALLS).map(([name, call]): [string, Global] => [
    name,
    new Global(name, (args) => call(new Arguments(name.split('.').at(-1)!, args))),
  ]),
  ...Object.entries({ ...STORAGES, UntypedStorage: 'uint8' }).flatMap(([name, dtype]) =>
    [`torch.${name}`, `torch.storage.${name}`].map((path): [string, StorageClass] => [
      path,
      new StorageClass(path, dtypes.get(dtype)!),
    ]),
  ),
  ...[...dtypes].map(([name, dtype]): [string, DType] => [`torch.${name}`, dtype]),
]);

/** Returns the class or function of torch, the storage class or the dtype for a name in a file. */
export const globalNamed = (name: string): unknown => GLOBALS.get(name);
