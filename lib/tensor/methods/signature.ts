/**
 * How the methods of `Tensor` and the functions of `torch` are declared.
 *
 * An interface gives the types, and a table the overloads of each operator, in the order of Python's argument parser
 * (torchgen's `group_overloads`): it decides results and the names of `grad_fn`.
 */

import { tensorHandle } from '../../bindings/handle';
import type { OperatorSchema } from '../../bindings/native';
import { bind, type Callee, isOptions } from '../../dispatch/arguments';
import { Operator } from '../../dispatch/operators';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';

// --- types ----------------------------------------------------------------------------------------------------------

/** A type whose keys may all be left out, or be undefined; of none, an object without any. */
type Partially<O> = keyof O extends never
  ? Record<string, never>
  : { [K in keyof O]?: O[K] | undefined };

type Prefixes<P extends readonly unknown[], O> = P extends []
  ? never
  : P extends readonly [...infer Rest, (infer _)?]
    ? Rest extends []
      ? [options: O]
      : [...Rest, options: Partially<O>] | Prefixes<Rest, O>
    : never;

/** What a call can be given: all of the positional parameters, or the first few and the others by name. */
type Arguments<P extends readonly unknown[], O> = [...P, options?: Partially<O>] | Prefixes<P, O>;

/** No parameter at all. */
// biome-ignore lint/complexity/noBannedTypes: the type of `{}` is what is meant
export type None = {};

/** One way to call: the parameters by position, all of them by name (those without a position too), the result. */
export interface Signature<P extends readonly unknown[] = [], O = None, R = Tensor> {
  readonly args: Arguments<P, O>;
  /** Of functions, which can also write into a given tensor. */
  readonly functionArgs: Arguments<P, O & WithOut>;
  readonly named: O;
  readonly result: R;
}

/** What functions take beside the options of methods. */
export interface WithOut {
  /** The tensor that the result is written into, and that is returned. */
  readonly out?: Tensor | null;
}

interface AnySignature {
  readonly args: readonly unknown[];
  readonly functionArgs: readonly unknown[];
  readonly named: unknown;
  readonly result: unknown;
}

type AnyNumber<Name extends string, O> =
  | [...values: number[]]
  | [...values: number[], options: Partially<O>]
  | [values: readonly number[], options?: Partially<O>]
  | [options: { [K in Name]: readonly number[] } & Partially<O>];

/** A signature of any number of integers or one list of them, as sizes and dimensions are given. */
export interface Variadic<Name extends string, O = None, R = Tensor> {
  readonly args: AnyNumber<Name, O>;
  readonly functionArgs: AnyNumber<Name, O & WithOut>;
  readonly named: { [K in Name]: readonly number[] } & Partially<O>;
  readonly result: R;
}

/** One dimension or several. */
export type Dims = number | readonly number[];

/** Several tensors by name, also iterable in torch's order. */
export type Results<Names extends string> = { readonly [K in Names]: Tensor } & Iterable<Tensor>;
export type Values = Results<'values' | 'indices'>;

export type Other = Signature<[other: Tensor], { other: Tensor }>;
export type OtherOrNumber = Signature<[other: Tensor | Scalar], { other: Tensor | Scalar }>;
export type AlongDim<R> = Signature<
  [dim: number, keepdim?: boolean],
  { dim: number; keepdim?: boolean },
  R
>;

/** One signature, or several in a tuple. */
type Ways<S> = S extends readonly unknown[] ? S : [S];

type Methods<S> = S extends [infer First, ...infer Rest]
  ? First extends AnySignature
    ? ((...args: First['args']) => First['result']) & Methods<Rest>
    : never
  : unknown;

type Functions<S> = S extends [infer First, ...infer Rest]
  ? First extends AnySignature
    ? ((
        ...args:
          | [input: Tensor, ...First['functionArgs']]
          | [options: First['named'] & WithOut & { readonly input: Tensor }]
      ) => First['result']) &
        Functions<Rest>
    : never
  : unknown;

type FreeFunctions<S> = S extends [infer First, ...infer Rest]
  ? First extends AnySignature
    ? ((...args: First['functionArgs']) => First['result']) & FreeFunctions<Rest>
    : never
  : unknown;

declare const SIGNATURE: unique symbol;

/** A method of `Tensor` that can be called in each of the ways. */
export type TensorMethod<S> = Methods<Ways<S>> & { readonly [SIGNATURE]?: S };

/** The function of `torch` for a method: it takes the tensor first, or as `input`. */
export type TensorFunction<M> = M extends { readonly [SIGNATURE]?: infer S }
  ? Functions<Ways<NonNullable<S>>>
  : never;

/** A function of `torch` that can be called in each of the ways. */
export type TorchFunction<S> = FreeFunctions<Ways<S>>;

// --- values ---------------------------------------------------------------------------------------------------------

type Call = (...args: unknown[]) => unknown;

/** The function of `torch` that a method came with. */
const functions = new WeakMap<object, Call>();

function called<F extends Call>(name: string, call: F): F {
  return Object.defineProperty(call, 'name', { value: name });
}

/**
 * Methods by their operators' names, each with the overloads to try, in order. Their types are those of an interface, so
 * that `Tensor` can extend it.
 */
export function table<T extends object>(
  overloads: {
    readonly [Name in keyof T]: readonly string[];
  },
): T {
  const entries = Object.entries<readonly string[]>({ ...overloads });
  return Object.fromEntries(entries.map(([name, names]) => [name, method(name, names)])) as T;
}

function method(name: string, overloads: readonly string[]): Call {
  const operator = new Operator(`aten::${name}`, { overloads, name, inputName: 'input' });
  const ofTensor = called(name, function (this: Tensor, ...args: unknown[]): unknown {
    args.unshift(this);
    return operator.call(args);
  });
  functions.set(ofTensor, called(name, writingInto(operator)));
  return ofTensor;
}

const hasOut = (schema: OperatorSchema): boolean =>
  schema.arguments.some(({ name, keywordOnly }) => keywordOnly && name === 'out');

/** Calls an operator, or where `out` is given the overloads of it that write into a tensor. */
export function writingInto(operator: Operator): Call {
  const { qualifiedName, settings } = operator;
  const writing = new Operator(qualifiedName, { ...settings, overloads: hasOut });
  return (...args) => {
    const last = args.at(-1);
    if (!isOptions(last) || !('out' in last)) return operator.call(args);
    const { out, ...others } = last;
    if (out !== undefined && out !== null) return writing.call(args);
    args[args.length - 1] = others;
    return operator.call(args);
  };
}

/** The operator `aten::operator` as a function that is no method of tensors. */
export function torchFunction<S>(
  name: string,
  overloads: readonly string[] = [''],
  operatorName = name,
): TorchFunction<S> {
  const settings = { overloads, name, inputName: 'input' };
  const operator = new Operator(`aten::${operatorName}`, settings);
  return called(name, writingInto(operator)) as TorchFunction<S>;
}

/**
 * A method that is code of its own, as it is in Python: `body` gets the tensor and the arguments, bound by name, with
 * undefined where one is not given. `names` lists the parameters: `dim!` is required.
 */
export function composed<M>(
  name: string,
  names: readonly string[],
  body: (...bound: never[]) => unknown,
): M {
  const parameters = ['input!', ...names].map((parameter) => ({
    name: parameter.replace('!', ''),
    required: parameter.endsWith('!'),
  }));
  const callee: Callee = { name, parameters };
  const run = (args: readonly unknown[]): unknown => {
    const bound = bind(callee, args);
    tensorHandle(bound[0], callee, 'input');
    return body(...(bound as never[]));
  };
  const ofTensor = called(name, function (this: Tensor, ...args: unknown[]): unknown {
    args.unshift(this);
    return run(args);
  });
  functions.set(
    ofTensor,
    called(name, (...args) => run(args)),
  );
  return ofTensor as M;
}

/** The function of `torch` for a method of the table: `torch.add(x, y)` for `x.add(y)`. */
export function functionOf<M extends object>(ofTensor: M): TensorFunction<M> {
  return functions.get(ofTensor) as TensorFunction<M>;
}

/** Calls an operator by its schema, for code that composes several. */
export function operator(name: string, overload = ''): (...args: unknown[]) => Tensor {
  const found = new Operator(`aten::${name}`, { overloads: [overload], name });
  return (...args) => found.call(args) as Tensor;
}
