/**
 * Signatures of functions and constructors. Each parameter is declared once, with its type and default. The declaration
 * is used to read and check arguments, and to compare the signature with Python's.
 */

import { describeTensor, handleOf, isTensor } from '../bindings/handle';
import { Generator } from '../random/generator';
import { Device, type DeviceLike } from '../tensor/device';
import { DType } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { bind, type Callee, fail, type Parameter } from './arguments';

/** A parameter as Python's `inspect.signature` shows it. */
export interface SignatureParameter {
  readonly name: string;
  readonly required: boolean;
  /** Undefined for a required parameter. Null is Python's None. */
  readonly default: unknown;
  /** Whether it can only be given by name. */
  readonly keywordOnly: boolean;
}

/** The type of a parameter: a description, and a test of values. */
export interface Type<T> {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Never set. It carries the type for TypeScript. */
  readonly type?: T;
}

export const typeOf = <T>(expected: string, accepts: (value: unknown) => boolean): Type<T> => ({
  expected,
  accepts,
});

export const INT = typeOf<number>('an integer', Number.isSafeInteger);
/** A number. It is a float, even if it is integral. */
export const FLOAT = typeOf<number>('a number', (value) => typeof value === 'number');
/** A number or bigint, integral or not. */
export const NUMBER = typeOf<number | bigint>(
  'a number',
  (value) => typeof value === 'number' || typeof value === 'bigint',
);
export const BOOL = typeOf<boolean>('a boolean', (value) => typeof value === 'boolean');
export const STRING = typeOf<string>('a string', (value) => typeof value === 'string');
export const TENSOR = typeOf<Tensor>(
  'a Tensor',
  (value) => isTensor(value) && Boolean(handleOf(value)),
);
export const DTYPE = typeOf<DType>('a torch.dtype', (value) => value instanceof DType);
export const DEVICE = typeOf<DeviceLike>(
  'a device, its name or its number',
  (value) => value instanceof Device || typeof value === 'string' || Number.isSafeInteger(value),
);
export const GENERATOR = typeOf<Generator>(
  'a torch.Generator',
  (value) => value instanceof Generator,
);
export const INTS = typeOf<readonly number[]>(
  'an array of integers',
  (value) => Array.isArray(value) && value.every((element) => Number.isSafeInteger(element)),
);
export const NUMBERS = typeOf<readonly number[]>(
  'an array of numbers',
  (value) => Array.isArray(value) && value.every((element) => typeof element === 'number'),
);
export const NUMBER_OR_NUMBERS = typeOf<number | readonly number[]>(
  'a number or an array of numbers',
  (value) => typeof value === 'number' || NUMBERS.accepts(value),
);
export const FUNCTION = typeOf<unknown>('a function', (value) => typeof value === 'function');
/** Any value. The function that gets it checks it. */
export const ANYTHING = typeOf<unknown>('anything', () => true);

/** Returns the type that also accepts null, which is Python's None. */
export const orNull = <T>({ expected, accepts }: Type<T>): Type<T | null> =>
  typeOf(`${expected} or null`, (value) => value === null || accepts(value));

export interface Declared<T> {
  readonly type: Type<T>;
  readonly required: boolean;
  readonly default: T | undefined;
  readonly keywordOnly: boolean;
}

/** Declares a parameter without a default. It can be given by position or by name. */
export const required = <T>(type: Type<T>): Declared<T> => ({
  type,
  required: true,
  default: undefined,
  keywordOnly: false,
});

/** A parameter with a default. */
export interface Optional<T> extends Declared<T> {
  readonly default: T;
}

/** Declares a parameter with a default that can be given by position or by name. */
export const optional = <T>(type: Type<T>, fallback: T): Optional<T> => ({
  type,
  required: false,
  default: fallback,
  keywordOnly: false,
});

/** Declares a parameter that is null by default. It can be given by position or by name. */
export const nullable = <T>(type: Type<T>): Optional<T | null> => optional(orNull(type), null);

/** Declares a parameter with a default that can only be given by name. */
export const option = <T>(type: Type<T>, fallback: T): Optional<T> => ({
  ...optional(type, fallback),
  keywordOnly: true,
});

export type Declarations = Readonly<Record<string, Declared<unknown>>>;

/** The values of declared parameters, by name. */
export type ValuesOf<D extends Declarations> = {
  -readonly [Name in keyof D]: D[Name] extends Declared<infer T> ? T : never;
};

/** The parameters of a function, in Python's order. */
export class Signature<D extends Declarations> implements Callee {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** The parameters as Python's `inspect.signature` shows them. */
  readonly description: readonly SignatureParameter[];
  /** The defaults by name. Undefined for required parameters. */
  readonly defaults: Readonly<ValuesOf<D>>;
  readonly #declarations: readonly (readonly [string, Declared<unknown>])[];

  constructor(name: string, declarations: D) {
    this.name = name;
    this.#declarations = Object.entries(declarations);
    this.description = this.#declarations.map(([parameter, declared]) => ({
      name: parameter,
      required: declared.required,
      default: declared.default,
      keywordOnly: declared.keywordOnly,
    }));
    this.parameters = this.description;
    const defaults = this.description.map((parameter) => [parameter.name, parameter.default]);
    this.defaults = Object.freeze(Object.fromEntries(defaults)) as Readonly<ValuesOf<D>>;
  }

  /**
   * Returns the values by name, with defaults filled in.
   *
   * @throws TypeError as {@link bind}, and one that names the parameter if its value has the wrong type
   */
  read(args: ArrayLike<unknown>): ValuesOf<D> {
    const bound = bind(this, args);
    const values: Record<string, unknown> = { ...this.defaults };
    for (const [index, [name, declared]] of this.#declarations.entries()) {
      const value = bound[index];
      if (value !== undefined) values[name] = this.#checked(name, declared, value);
    }
    return values as ValuesOf<D>;
  }

  #checked(name: string, { type }: Declared<unknown>, value: unknown): unknown {
    if (type.accepts(value)) return value;
    throw mismatch(this, name, type.expected, value);
  }
}

/** Returns the TypeError for an argument of the wrong type. */
export function mismatch(callee: Callee, name: string, expected: string, value: unknown): Error {
  return fail(callee, `argument '${name}' must be ${expected}, got ${describeTensor(value)}`);
}

/** Defines a function that reads its arguments by a signature. It has the signature as a property. */
export function define<F, D extends Declarations>(
  name: string,
  declarations: D,
  compute: (values: ValuesOf<D>) => unknown,
): F {
  const signature = new Signature(name, declarations);
  const call = (...args: unknown[]): unknown => compute(signature.read(args));
  Object.defineProperty(call, 'name', { value: name });
  Object.defineProperty(call, 'signature', { value: signature.description });
  return call as F;
}

/**
 * The arguments of a function or constructor: the required ones, then options by position, in the order of their names,
 * and the others by name in a last object. The labels of the names are what editors show: `[bias: 'bias']`.
 */
export type Positional<
  Required extends readonly unknown[],
  Names extends readonly (keyof Options)[],
  Options,
> = Shortened<Required, Names, Options>;

// `infer … extends` would infer an array with TypeScript 5.2. So the names have no constraint here.
type Shortened<Required extends readonly unknown[], Names extends readonly unknown[], Options> =
  | [
      ...Required,
      ...{ [Index in keyof Names]: Options[Names[Index] & keyof Options] },
      ...([Exclude<keyof Options, Names[number]>] extends [never]
        ? []
        : [options?: Omit<Options, Names[number] & keyof Options>]),
    ]
  | (Names extends readonly [...infer Fewer, unknown]
      ? Shortened<Required, Fewer, Options>
      : never);

/** The device and dtype of a layer's parameters. */
export interface FactoryOptions {
  /** Default: null, the default device. */
  device?: DeviceLike | null | undefined;
  /** Default: null, the default dtype. */
  dtype?: DType | null | undefined;
}

/** The names of these options, for {@link Positional}. */
export type Place = [device: 'device', dtype: 'dtype'];

/** Declares `device` and `dtype`, which every layer with parameters has. */
export const FACTORY = {
  device: nullable(DEVICE),
  dtype: nullable(DTYPE),
};
