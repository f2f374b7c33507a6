/**
 * Makes tensors from sizes: `torch.zeros`, `torch.arange`, `torch.randn`, and `x.new_zeros` and similar methods.
 *
 * See https://docs.pytorch.org/docs/stable/torch.html#creation-ops
 */

import { typeError } from '../bindings/errors';
import { describe, isOptions } from '../dispatch/arguments';
import { Operator } from '../dispatch/operators';
import type { Generator } from '../random/generator';
import { asLeaf, newTensor, type TensorData, type TensorOptions } from './creation';
import { withDefaultDevice } from './default_device';
import type { DeviceLike } from './device';
import type { DType } from './dtype';
import type { Layout, MemoryFormat } from './layout';
import {
  type Signature,
  type TensorMethod,
  type TorchFunction,
  type Variadic,
  writingInto,
} from './methods/signature';
import type { Scalar } from './scalar';
import type { Tensor } from './tensor';

/** Options of every factory. */
export interface FactoryOptions {
  /** Default: the default dtype, or the dtype that the values imply. */
  dtype?: DType | null;
  layout?: Layout | null;
  /** Default: the device that {@link set_default_device} set, else the CPU. */
  device?: DeviceLike | null;
  pin_memory?: boolean | null;
  /** Records operations on the tensor, so that it gets a gradient. Default: false. */
  requires_grad?: boolean;
}

export interface RandomOptions extends FactoryOptions {
  /** Default: the device's default generator. */
  generator?: Generator | null;
}

type Named<P, O = FactoryOptions> = P & O;
type Sized<O = FactoryOptions> = Variadic<'size', O>;
type Like<O = FactoryOptions> = Signature<
  [input: Tensor],
  { input: Tensor; memory_format?: MemoryFormat | null } & O
>;

// --- one factory -----------------------------------------------------------------------------------------------------

type Call = (...args: unknown[]) => unknown;

/** Removes `requires_grad` from the options and returns its value. No operator has this parameter. */
function takeRequiresGrad(name: string, args: unknown[]): boolean {
  const last = args.at(-1);
  if (!isOptions(last) || !('requires_grad' in last)) return false;
  const { requires_grad = false, ...others } = last;
  args[args.length - 1] = others;
  if (typeof requires_grad === 'boolean') return requires_grad;
  const given = describe(requires_grad);
  throw typeError(`${name}(): argument 'requires_grad' must be a boolean, got ${given}`);
}

function make(name: string, overloads: readonly string[], place: typeof withDefaultDevice): Call {
  const settings = { overloads, name, inputName: 'input' };
  const create = writingInto(new Operator(`aten::${name}`, settings));
  const call = (...args: unknown[]): unknown => {
    const requires_grad = takeRequiresGrad(name, args);
    const made = create(...place(args)) as Tensor;
    return requires_grad ? asLeaf(made) : made;
  };
  return Object.defineProperty(call, 'name', { value: name });
}

function factory<S>(name: string, overloads: readonly string[] = ['']): TorchFunction<S> {
  return make(name, overloads, withDefaultDevice) as TorchFunction<S>;
}

const asGiven = (args: unknown[]): unknown[] => args;

/** Makes a factory that takes no default device: its tensors determine the device, or it is always the CPU. */
function factoryOf<S>(name: string, overloads: readonly string[] = ['']): TorchFunction<S> {
  return make(name, overloads, asGiven) as TorchFunction<S>;
}

// --- values ----------------------------------------------------------------------------------------------------------

export const empty = factory<Sized<FactoryOptions & { memory_format?: MemoryFormat | null }>>(
  'empty',
  ['memory_format'],
);
export const zeros = factory<Sized>('zeros');
export const ones = factory<Sized>('ones');
export const full =
  factory<
    Signature<
      [size: readonly number[], fill_value: Scalar],
      Named<{ size: readonly number[]; fill_value: Scalar }>
    >
  >('full');
export const empty_strided =
  factory<
    Signature<
      [size: readonly number[], stride: readonly number[]],
      FactoryOptions & { size: readonly number[]; stride: readonly number[] }
    >
  >('empty_strided');
export const scalar_tensor =
  factory<Signature<[s: Scalar], FactoryOptions & { s: Scalar }>>('scalar_tensor');

export const arange = factory<
  [
    Signature<[end: Scalar], Named<{ end: Scalar }>>,
    Signature<
      [start: Scalar, end: Scalar, step?: Scalar],
      Named<{ start: Scalar; end: Scalar; step?: Scalar }>
    >,
  ]
>('arange', ['', 'start', 'start_step']);
export const linspace = factory<
  Signature<
    [start: Scalar | Tensor, end: Scalar | Tensor, steps: number],
    Named<{ start: Scalar | Tensor; end: Scalar | Tensor; steps: number }>
  >
>('linspace', ['Tensor_Tensor', 'Scalar_Tensor', 'Tensor_Scalar', '']);
export const logspace = factory<
  Signature<
    [start: Scalar | Tensor, end: Scalar | Tensor, steps: number, base?: number],
    Named<{ start: Scalar | Tensor; end: Scalar | Tensor; steps: number; base?: number }>
  >
>('logspace', ['Tensor_Tensor', 'Scalar_Tensor', 'Tensor_Scalar', '']);
export const eye = factory<Signature<[n: number, m?: number], Named<{ n: number; m?: number }>>>(
  'eye',
  ['', 'm'],
);
type Triangle = Signature<
  [row: number, col: number, offset?: number],
  FactoryOptions & { row: number; col: number; offset?: number }
>;
export const tril_indices = factory<Triangle>('tril_indices');
export const triu_indices = factory<Triangle>('triu_indices');

// --- random numbers --------------------------------------------------------------------------------------------------

export const rand = factory<Sized<RandomOptions>>('rand', ['generator', '']);
export const randn = factory<Sized<RandomOptions>>('randn', ['generator', '']);
export const randint = factory<
  [
    Signature<
      [high: number, size: readonly number[]],
      Named<{ high: number; size: readonly number[] }, RandomOptions>
    >,
    Signature<
      [low: number, high: number, size: readonly number[]],
      Named<{ low: number; high: number; size: readonly number[] }, RandomOptions>
    >,
  ]
>('randint', ['generator', '', 'low_generator', 'low']);
export const randperm = factory<Signature<[n: number], Named<{ n: number }, RandomOptions>>>(
  'randperm',
  ['generator', ''],
);
export const normal = factoryOf<
  [
    Signature<
      [mean: Tensor, std?: Tensor | number],
      { mean: Tensor; std?: Tensor | number; generator?: Generator | null }
    >,
    Signature<
      [mean: number, std: Tensor],
      { mean: number; std: Tensor; generator?: Generator | null }
    >,
    Signature<
      [mean: number, std: number, size: readonly number[]],
      Named<{ mean: number; std: number; size: readonly number[] }, RandomOptions>
    >,
  ]
>('normal', ['Tensor_Tensor', 'Tensor_float', 'float_Tensor', 'float_float']);

// --- like another tensor ---------------------------------------------------------------------------------------------

export const empty_like = factoryOf<Like>('empty_like');
export const zeros_like = factoryOf<Like>('zeros_like');
export const ones_like = factoryOf<Like>('ones_like');
export const full_like =
  factoryOf<
    Signature<
      [input: Tensor, fill_value: Scalar],
      { input: Tensor; fill_value: Scalar; memory_format?: MemoryFormat | null } & FactoryOptions
    >
  >('full_like');
export const rand_like = factoryOf<Like<RandomOptions>>('rand_like', ['generator', '']);
export const randn_like = factoryOf<Like<RandomOptions>>('randn_like', ['generator', '']);
export const randint_like = factoryOf<
  [
    Signature<
      [input: Tensor, high: number | Tensor],
      { input: Tensor; high: number | Tensor; memory_format?: MemoryFormat | null } & RandomOptions
    >,
    Signature<
      [input: Tensor, low: number, high: number],
      {
        input: Tensor;
        low: number;
        high: number;
        memory_format?: MemoryFormat | null;
      } & RandomOptions
    >,
  ]
>('randint_like', [
  'low_generator_dtype',
  'low_dtype',
  'Tensor_generator',
  'Tensor',
  'generator',
  '',
]);

// --- of a tensor's dtype and device ----------------------------------------------------------------------------------

function newFactory<M>(name: string): M {
  const call = make(name, [''], asGiven);
  const ofTensor = function (this: Tensor, ...args: unknown[]): unknown {
    return call(this, ...args);
  };
  return Object.defineProperty(ofTensor, 'name', { value: name }) as M;
}

/** Methods that make a tensor of the same dtype, on the same device, unless the options say otherwise. */
export interface NewFactories {
  new_empty: TensorMethod<Variadic<'size', FactoryOptions>>;
  new_zeros: TensorMethod<Variadic<'size', FactoryOptions>>;
  new_ones: TensorMethod<Variadic<'size', FactoryOptions>>;
  new_full: TensorMethod<
    Signature<
      [size: readonly number[], fill_value: Scalar],
      FactoryOptions & { size: readonly number[]; fill_value: Scalar }
    >
  >;
  /** https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html */
  new_tensor(data: TensorData, options?: TensorOptions): Tensor;
}

export const newFactories: NewFactories = {
  new_empty: newFactory('new_empty'),
  new_zeros: newFactory('new_zeros'),
  new_ones: newFactory('new_ones'),
  new_full: newFactory('new_full'),
  new_tensor(this: Tensor, ...args: unknown[]): Tensor {
    return newTensor(this, args);
  },
};
