/**
 * Declared parameters: each with its type and default in one place, checked when a layer, an initialiser or an
 * optimizer is called.
 */

import { describeTensor, handleOf, isTensor } from '../bindings/handle';
import { bind, type Callee, fail, type Parameter } from '../dispatch/arguments';
import { Generator } from '../random/generator';
import { Device, type DeviceLike } from '../tensor/device';
import { DType } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import type { SignatureParameter } from './functional/loss/definition';

/** What a parameter takes, in words and as a test. */
export interface Type<T> {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Never there: carries the type. */
  readonly type?: T;
}

const typeOf = <T>(expected: string, accepts: (value: unknown) => boolean): Type<T> => ({
  expected,
  accepts,
});

export const INT = typeOf<number>('an integer', Number.isSafeInteger);
/** A number, which is a float whatever its value. */
export const FLOAT = typeOf<number>('a number', (value) => typeof value === 'number');
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
export const FUNCTION = typeOf<unknown>('a function', (value) => typeof value === 'function');
/** Checked by whoever takes it. */
export const ANYTHING = typeOf<unknown>('anything', () => true);

/** The type, or null, which is Python's None. */
export const orNull = <T>({ expected, accepts }: Type<T>): Type<T | null> =>
  typeOf(`${expected} or null`, (value) => value === null || accepts(value));

export interface Declared<T> {
  readonly type: Type<T>;
  readonly required: boolean;
  readonly default: T | undefined;
  readonly keywordOnly: boolean;
}

/** A parameter without default: positional, or by name. */
export const required = <T>(type: Type<T>): Declared<T> => ({
  type,
  required: true,
  default: undefined,
  keywordOnly: false,
});

/** A parameter with a default that may be positional, too. */
export const optional = <T>(type: Type<T>, fallback: T): Declared<T> => ({
  type,
  required: false,
  default: fallback,
  keywordOnly: false,
});

/** A key of the options object, with its default. */
export const option = <T>(type: Type<T>, fallback: T): Declared<T> => ({
  ...optional(type, fallback),
  keywordOnly: true,
});

// biome-ignore lint/suspicious/noExplicitAny: parameters of any type
type Declarations = Readonly<Record<string, Declared<any>>>;
type ValuesOf<D extends Declarations> = {
  -readonly [Name in keyof D]: D[Name] extends Declared<infer T> ? T : never;
};

/** A function's parameters, in Python's order. */
export class Signature<D extends Declarations> implements Callee {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** As `inspect.signature` shows it in Python. */
  readonly description: readonly SignatureParameter[];
  readonly #declarations: readonly (readonly [string, Declared<unknown>])[];

  constructor(name: string, declarations: D) {
    this.name = name;
    this.#declarations = Object.entries(declarations);
    this.parameters = this.#declarations.map(([parameter, declared]) => ({
      name: parameter,
      required: declared.required,
      keywordOnly: declared.keywordOnly,
    }));
    this.description = this.#declarations.map(([parameter, declared]) => ({
      name: parameter,
      required: declared.required,
      default: declared.default,
    }));
  }

  /**
   * The values by name, defaults filled in.
   *
   * @throws TypeError that names the parameter, for a value of another type and as {@link bind}
   */
  read(args: ArrayLike<unknown>): ValuesOf<D> {
    const bound = bind(this, args);
    const values: Record<string, unknown> = {};
    for (const [index, [name, declared]] of this.#declarations.entries()) {
      const value = bound[index];
      values[name] = value === undefined ? declared.default : this.#checked(name, declared, value);
    }
    return values as ValuesOf<D>;
  }

  #checked(name: string, { type }: Declared<unknown>, value: unknown): unknown {
    if (type.accepts(value)) return value;
    throw fail(this, `argument '${name}' must be ${type.expected}, got ${describeTensor(value)}`);
  }
}

/** Where and of what dtype a layer's parameters are made. */
export interface FactoryOptions {
  /** Default: null, the CPU. */
  device?: DeviceLike | null | undefined;
  /** Default: null, the default dtype. */
  dtype?: DType | null | undefined;
}

/** The parameters `device` and `dtype` that every layer with parameters has. */
export const FACTORY = {
  device: option<DeviceLike | null>(orNull(DEVICE), null),
  dtype: option<DType | null>(orNull(DTYPE), null),
};
