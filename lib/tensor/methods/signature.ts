/**
 * Declares the methods of `Tensor` and the functions of `torch`.
 *
 * An interface gives the types, and a table gives the overloads of each operator. The overloads have the order of
 * Python's argument parser (torchgen's `group_overloads`), because the choice of an overload affects results and the
 * names of `grad_fn`.
 */

import { tensorHandle } from '../../bindings/handle';
import type { OperatorSchema } from '../../bindings/native';
import { bind, type Callee, isOptions } from '../../dispatch/arguments';
import { Operator } from '../../dispatch/operators';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';

// --- types ----------------------------------------------------------------------------------------------------------

/** Makes every key of O optional, and lets it be undefined. If O has no keys, no key is allowed. */
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

/** The arguments of a call: all positional parameters, or the first few and the others by name. */
type Arguments<P extends readonly unknown[], O> = [...P, options?: Partially<O>] | Prefixes<P, O>;

/** A signature without named parameters. */
// biome-ignore lint/complexity/noBannedTypes: the type of `{}` is what is meant
export type None = {};

/** One overload: its positional parameters, all its parameters by name, and its result. */
export interface Signature<P extends readonly unknown[] = [], O = None, R = Tensor> {
  readonly args: Arguments<P, O>;
  /** The arguments of the function, which also takes `out`. */
  readonly functionArgs: Arguments<P, O & WithOut>;
  readonly named: O;
  readonly result: R;
}

/** The options that functions have and methods have not. */
export interface WithOut {
  /** The tensor to write the result into. The call returns it. */
  readonly out?: Tensor | null;
}

interface AnySignature {
  readonly args: readonly unknown[];
  readonly functionArgs: readonly unknown[];
  readonly named: unknown;
  readonly result: unknown;
}

type IntegersOrList<Name extends string, O> =
  | [...values: number[]]
  | [...values: number[], options: Partially<O>]
  | [values: readonly number[], options?: Partially<O>]
  | [options: { [K in Name]: readonly number[] } & Partially<O>];

/** A signature that takes sizes or dimensions: any number of integers, or one list of them. */
export interface Variadic<Name extends string, O = None, R = Tensor> {
  readonly args: IntegersOrList<Name, O>;
  readonly functionArgs: IntegersOrList<Name, O & WithOut>;
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

/** Makes a tuple of signatures from one signature or several. */
type SignatureTuple<S> = S extends readonly unknown[] ? S : [S];

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

/** A method of `Tensor` with an overload for each signature. */
export type TensorMethod<S> = Methods<SignatureTuple<S>> & { readonly [SIGNATURE]?: S };

/** The methods T, and those with an underscore after their names, which work in place. */
export type WithInPlace<T> = T & { [Name in keyof T & string as `${Name}_`]: T[Name] };

/** The function of `torch` that belongs to a method: it takes the tensor first, or as `input`. */
export type TensorFunction<M> = M extends { readonly [SIGNATURE]?: infer S }
  ? Functions<SignatureTuple<NonNullable<S>>>
  : never;

/** A function of `torch` with an overload for each signature. */
export type TorchFunction<S> = FreeFunctions<SignatureTuple<S>>;

// --- values ---------------------------------------------------------------------------------------------------------

type Call = (...args: unknown[]) => unknown;

/** Maps each method to its function of `torch`. */
const functions = new WeakMap<object, Call>();

function called<F extends Call>(name: string, call: F): F {
  return Object.defineProperty(call, 'name', { value: name });
}

/** The overloads of each operator, in the order to try. */
type Overloads<Name extends string> = Readonly<Record<Name, readonly string[]>>;

/** Lists operators that have the same overloads. */
export const overloads = <Name extends string>(
  order: readonly string[],
  ...operators: readonly Name[]
): Overloads<Name> =>
  Object.fromEntries(operators.map((name) => [name, order])) as unknown as Overloads<Name>;

/** Adds the operators that work in place, which have the same overloads. */
export function withInPlace<Name extends string>(
  table: Overloads<Name>,
): Overloads<Name | `${Name}_`> {
  const inPlace = Object.entries(table).map(([name, order]) => [`${name}_`, order]);
  return { ...table, ...Object.fromEntries(inPlace) };
}

/**
 * Makes methods from the names of operators and of their overloads. The interface T gives the types, so that `Tensor`
 * can extend it.
 */
export function table<T extends object>(listed: Overloads<keyof T & string>): T {
  const entries = Object.entries<readonly string[]>(listed);
  return Object.fromEntries(entries.map(([name, order]) => [name, method(name, order)])) as T;
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

/** Returns a function that calls the operator. If `out` is given, it tries only the overloads that have `out`. */
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

/** Makes a function of `torch` that calls the operator `aten::operatorName` and has no method. */
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
 * Makes a method from JavaScript code, for those that are Python code in torch.
 *
 * @param names - names of the parameters; `!` marks a required one
 * @param body - gets the tensor and the arguments in the order of `names`, with undefined for missing ones
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

/** Returns the function of `torch` that belongs to a method of the table: `torch.add(x, y)` for `x.add(y)`. */
export function functionOf<M extends object>(ofTensor: M): TensorFunction<M> {
  return functions.get(ofTensor) as TensorFunction<M>;
}

/** Returns a function that calls one overload of an operator, for code that combines several operators. */
export function operator(name: string, overload = ''): (...args: unknown[]) => Tensor {
  const found = new Operator(`aten::${name}`, { overloads: [overload], name });
  return (...args) => found.call(args) as Tensor;
}
