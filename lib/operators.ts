/**
 * Every operator libtorch has, called by schema: what `torch.ops` shows, and what tensor methods and functions stand on.
 *
 * Arguments are bound by the schema's names, checked by its types, and lowered to what native/operators.cc takes.
 */
import { bind, type Callee, describe, fail } from './arguments';
import { Device } from './device';
import { DType } from './dtype';
import { runtimeError } from './errors';
import { Generator } from './generator';
import { type Handle, handleOf, describeTensor } from './handle';
import { Layout, MemoryFormat } from './layout';
import { type Kind, native, type OperatorSchema, type SchemaArgument } from './native';
import { Float, isComplex, lowerScalar } from './scalar';
import { wrap } from './wrap';

/** Several results, by the schema's names where it has them; iterable in its order. */
export type NamedResults = Record<string, unknown> & Iterable<unknown>;

// --- types ----------------------------------------------------------------------------------------------------------

const EXPECTED: Record<Kind, string> = {
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
  Device: 'a torch.device or its name',
  Generator: 'a torch.Generator',
  'int[]': 'an array of integers',
  'float[]': 'an array of numbers',
  'bool[]': 'an array of booleans',
  'Scalar[]': 'an array of numbers',
  'str[]': 'an array of strings',
  unsupported: 'of a type that JavaScript has',
};

const isInt64 = (value: unknown): boolean =>
  Number.isSafeInteger(value) ||
  (typeof value === 'bigint' && BigInt.asIntN(64, value) === value);

const isScalar = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ||
  value instanceof Float || isComplex(value) || isZeroDimensional(value);

// Python takes a 0-d tensor that needs no gradient where a number is due.
function isZeroDimensional(value: unknown): boolean {
  const handle = handleOf(value);
  return handle !== undefined && handle !== 0 && native.dim(handle) === 0 && !native.requires_grad(handle);
}

const isFloat = (value: unknown): boolean => typeof value === 'number' || value instanceof Float;

const isList = (value: unknown, test: (element: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(test);

/** Whether a value can be given for an argument: what chooses among overloads. */
function accepts(argument: SchemaArgument, value: unknown, takesNumbers: boolean): boolean {
  if (value === undefined) return argument.hasDefault || argument.optional;
  if (value === null) return argument.optional;
  switch (argument.kind) {
    case 'Tensor':
      return !!handleOf(value) || (takesNumbers && isScalar(value));
    case 'Tensor[]':
      return isList(value, (element) => !!handleOf(element));
    case 'Tensor?[]':
      return isList(value, (element) => element === null || !!handleOf(element));
    case 'int':
      return isInt64(value);
    case 'float':
      return isFloat(value);
    case 'bool':
      return typeof value === 'boolean';
    case 'Scalar':
    case 'complex':
      return isScalar(value);
    case 'str':
      return typeof value === 'string';
    case 'dtype':
      return value instanceof DType;
    case 'layout':
      return value instanceof Layout;
    case 'memory_format':
      return value instanceof MemoryFormat;
    case 'Device':
      return value instanceof Device || typeof value === 'string';
    case 'Generator':
      return value instanceof Generator;
    case 'int[]':
      return isList(value, isInt64) || (argument.sized && isInt64(value));
    case 'float[]':
      return isList(value, isFloat);
    case 'bool[]':
      return isList(value, (element) => typeof element === 'boolean');
    case 'Scalar[]':
      return isList(value, isScalar);
    case 'str[]':
      return isList(value, (element) => typeof element === 'string');
    default:
      return false;
  }
}

function lowerNumber(value: unknown): unknown {
  const handle = handleOf(value);
  if (handle) return lowerScalar(native.item(handle));
  return lowerScalar(value);
}

/** What crosses to the native side for an accepted value. */
function lower(kind: Kind, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  switch (kind) {
    case 'Tensor':
      return handleOf(value) ?? lowerScalar(value);
    case 'Tensor[]':
    case 'Tensor?[]':
      return (value as unknown[]).map((element) => handleOf(element) ?? null);
    case 'Scalar':
    case 'complex':
      return lowerNumber(value);
    case 'Scalar[]':
      return (value as unknown[]).map(lowerNumber);
    case 'float':
      return Number(value);
    case 'float[]':
      return (value as unknown[]).map(Number);
    case 'dtype':
    case 'layout':
    case 'memory_format':
      return (value as DType).code;
    case 'Device':
      return String(value);
    case 'Generator':
      return (value as Generator).native;
    default:
      return value;
  }
}

// --- one overload ---------------------------------------------------------------------------------------------------

/** One overload: `torch.ops.aten.add.Tensor`. */
export class Overload implements Callee {
  readonly name: string;
  readonly declaration: string;
  readonly schema: OperatorSchema;
  readonly parameters: readonly {
    readonly name: string;
    readonly keywordOnly: boolean;
    readonly required: boolean;
  }[];

  constructor(name: string, schema: OperatorSchema) {
    this.name = name;
    this.schema = schema;
    this.declaration = schema.schema;
    this.parameters = schema.arguments.map(({ name, keywordOnly, hasDefault, optional }) => ({
      name,
      keywordOnly,
      required: !hasDefault && !optional,
    }));
  }

  /** Whether the bound values fit the schema's types. */
  accepts(bound: readonly unknown[]): boolean {
    const { schema } = this;
    return schema.arguments.every((argument, index) =>
      accepts(argument, bound[index], schema.takesNumbers),
    );
  }

  /** Calls with one value for each argument of the schema; undefined is the default. */
  call(bound: unknown[]): unknown {
    const { schema } = this;
    const lowered = new Array<unknown>(bound.length);
    let handles = 0;
    for (let index = 0; index < bound.length; index++) {
      const argument = schema.arguments[index]!;
      const value = bound[index];
      if (!accepts(argument, value, schema.takesNumbers)) throw this.mismatch(argument, value);
      lowered[index] = lower(argument.kind, value);
      if (argument.kind === 'Tensor' && handleOf(value) !== undefined) handles += 2 ** index;
    }
    return this.raise(native.call_operator(schema.id, handles, ...lowered), bound);
  }

  mismatch(argument: SchemaArgument, value: unknown): Error {
    const number = argument.kind === 'Tensor' && this.schema.takesNumbers ? ' or a number' : '';
    const none = argument.optional ? ' or null' : '';
    return fail(
      this,
      `argument '${argument.name}' must be ${EXPECTED[argument.kind]}${number}${none}, got ${describeArgument(value)}`,
    );
  }

  // From what the native side returned to what the user gets.
  private raise(result: unknown, bound: readonly unknown[]): unknown {
    const { returns } = this.schema;
    if (returns.length === 0) return undefined;
    if (returns.length === 1) return raiseOne(returns[0]!, result, bound);
    const values = (result as unknown[]).map((value, index) =>
      raiseOne(returns[index]!, value, bound),
    );
    return returns.every(({ name }) => name !== '') ? named(returns, values) : values;
  }
}

function describeArgument(value: unknown): string {
  if (!Array.isArray(value)) return describeTensor(value);
  const described = value.slice(0, 4).map(describeTensor);
  return `[${described.join(', ')}${value.length > 4 ? ', …' : ''}]`;
}

function raiseOne(returned: SchemaArgument, value: unknown, bound: readonly unknown[]): unknown {
  if (returned.kind === 'Tensor' && typeof value === 'number') {
    // A negative number: the very tensor that was argument -value - 1.
    return value < 0 ? bound[-value - 1] : wrap(value);
  }
  if (returned.kind === 'Tensor[]') return (value as Handle[]).map(wrap);
  return value;
}

function named(returns: readonly SchemaArgument[], values: unknown[]): NamedResults {
  const results: Record<string, unknown> = {};
  for (const [index, { name }] of returns.entries()) results[name] = values[index];
  Object.defineProperty(results, Symbol.iterator, { value: () => values[Symbol.iterator]() });
  return results as NamedResults;
}

// --- an operator ----------------------------------------------------------------------------------------------------

/**
 * An operator with all or some of its overloads, tried in order as Python tries them. Looked up at its first call.
 */
export class Operator {
  readonly qualifiedName: string;
  readonly #wanted: readonly string[] | undefined;
  #overloads: readonly Overload[] | undefined;

  /**
   * @param qualifiedName - `aten::add`
   * @param overloads - names of those to try, in order; all when left out
   */
  constructor(qualifiedName: string, overloads?: readonly string[]) {
    this.qualifiedName = qualifiedName;
    this.#wanted = overloads;
  }

  get overloads(): readonly Overload[] {
    if (!this.#overloads) {
      const name = this.qualifiedName.replace('::', '.');
      const found = native
        .find_operators(this.qualifiedName)
        .map((schema) => new Overload(schema.overload ? `${name}.${schema.overload}` : name, schema));
      this.#overloads = this.#wanted
        ? this.#wanted.map((wanted) => {
            const overload = found.find(({ schema }) => schema.overload === wanted);
            if (!overload) throw runtimeError(`this libtorch has no ${this.qualifiedName}.${wanted}`);
            return overload;
          })
        : found;
    }
    return this.#overloads;
  }

  /** Calls the first overload that the arguments fit. */
  call(args: ArrayLike<unknown>): unknown {
    const { overloads } = this;
    if (overloads.length === 1) return overloads[0]!.call(bind(overloads[0]!, gather(overloads[0]!, args)));
    let failure: unknown;
    for (const overload of overloads) {
      let bound: unknown[];
      try {
        bound = bind(overload, gather(overload, args));
      } catch (error) {
        failure ??= error;
        continue;
      }
      if (overload.accepts(bound)) return overload.call(bound);
    }
    throw this.noMatch(args);
  }

  private noMatch(args: ArrayLike<unknown>): Error {
    const given = Array.from(args, describeArgument).join(', ');
    const declarations = this.overloads.map(({ declaration }) => `  ${declaration}`).join('\n');
    return fail(
      { name: this.qualifiedName.replace(/^aten::/, ''), parameters: [] },
      `no overload takes (${given}). Declarations:\n${declarations}`,
    );
  }
}

/** `x.view(2, 3)` for `x.view([2, 3])`: as in Python, where a list of integers is all that can be positional. */
function gather(overload: Overload, args: ArrayLike<unknown>): ArrayLike<unknown> {
  const positional = overload.schema.arguments.filter(({ keywordOnly }) => !keywordOnly);
  const self = positional[0]?.name === 'self' && positional[0].kind === 'Tensor' ? 1 : 0;
  if (positional.length !== self + 1 || positional[self]!.kind !== 'int[]') return args;
  let end = self;
  while (end < args.length && isInt64(args[end])) end++;
  if (end === self) return args;
  const rest = Array.prototype.slice.call(args) as unknown[];
  return [...rest.slice(0, self), rest.slice(self, end), ...rest.slice(end)];
}

export { describe };
