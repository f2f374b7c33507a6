/**
 * Calls any operator of libtorch by its schema. `torch.ops`, the methods of `Tensor` and the functions of `torch` use
 * it.
 *
 * Arguments are bound by the schema's names, checked by its types, and converted for native/operators/calls.cc.
 */

import { runtimeError } from '../bindings/errors';
import { describeTensor } from '../bindings/handle';
import { splitSignal, submit } from '../bindings/jobs';
import {
  type Native,
  type NativeJob,
  native,
  type OperatorSchema,
  type SchemaArgument,
} from '../bindings/native';
import { ownArray } from '../bindings/realms';
import { wrap } from '../bindings/wrap';
import { startDevice, startPinning } from '../cuda/state';
import { DType } from '../tensor/dtype_table';
import { isComplex } from '../tensor/scalar';
import { bindOr, type Callee, fail, isOptions, type Options, unknownKey } from './arguments';
import { distributed, EXPECTED, isInt64, MARSHAL, REJECTED } from './marshalling';

/** Several results. They are keyed by the schema's names if it has them, and iterable in its order. */
export type NamedResults = Record<string, unknown> & Iterable<unknown>;

type Arguments = readonly unknown[];

// --- one overload ---------------------------------------------------------------------------------------------------

interface Parameter extends SchemaArgument {
  readonly required: boolean;
  readonly marshal: (value: unknown, argument: SchemaArgument) => unknown;
  /** The bit in `call_operator`'s mask that marks this argument as a handle. */
  readonly bit: number;
}

/** One overload of an operator, such as `torch.ops.aten.add.Tensor`. */
export class Overload implements Callee {
  readonly name: string;
  readonly declaration: string;
  readonly schema: OperatorSchema;
  readonly parameters: readonly Parameter[];
  /** The number of arguments that can be positional, and the number that are required. */
  readonly #positionalCount: number;
  readonly #requiredCount: number;
  readonly #variadicPosition: number;
  /** The positions of the arguments `device` and `pin_memory`, or -1. */
  readonly #deviceAt: number;
  readonly #pinMemoryAt: number;

  /**
   * @param name - the name for messages
   * @param inputName - the name of the tensor that the schema calls `self`: Python's functions call it `input`
   * @param initializesDevice - whether a call initializes the device it names, as Python's functions do
   */
  constructor(name: string, schema: OperatorSchema, inputName = 'self', initializesDevice = false) {
    this.name = name;
    this.schema = schema;
    this.declaration = schema.schema;
    this.parameters = schema.arguments.map((argument, index) => ({
      ...argument,
      name: argument.name === 'self' && argument.kind === 'Tensor' ? inputName : argument.name,
      required: !argument.hasDefault,
      marshal: MARSHAL[kindOf(argument, schema)],
      bit: argument.kind === 'Tensor' ? 2 ** index : 0,
    }));
    this.#positionalCount = schema.arguments.filter(({ keywordOnly }) => !keywordOnly).length;
    this.#requiredCount = schema.arguments.reduce(
      (least, { hasDefault }, index) => (hasDefault ? least : index + 1),
      0,
    );
    this.#variadicPosition = variadicPosition(schema);
    const find = (name: string): number =>
      initializesDevice ? schema.arguments.findIndex((argument) => argument.name === name) : -1;
    this.#deviceAt = find('device');
    this.#pinMemoryAt = find('pin_memory');
  }

  /**
   * Calls the overload. Returns {@link REJECTED} if the arguments do not fit, so that the next overload can be tried.
   *
   * @param job - runs the call as this job; the result is then a promise
   */
  attempt(args: Arguments, options: Options | undefined, job?: NativeJob): unknown {
    const positional =
      this.#variadicPosition < 0 ? args : gatherIntegers(args, this.#variadicPosition, options);
    if (options) {
      const bound = bindOr(this, positional);
      return Array.isArray(bound) ? this.#callBound(bound, job) : REJECTED;
    }
    if (positional.length > this.#positionalCount || positional.length < this.#requiredCount)
      return REJECTED;
    return this.#callBound(positional, job);
  }

  /** Like {@link attempt}, but throws an error that says what does not fit. */
  call(args: Arguments, options: Options | undefined, job?: NativeJob): unknown {
    const result = this.attempt(args, options, job);
    if (result === REJECTED) throw this.explain(args, options);
    return result;
  }

  #callBound(bound: Arguments, job: NativeJob | undefined): unknown {
    const { parameters, schema } = this;
    const call: [id: number, handles: number, ...unknown[]] = [schema.id, 0];
    for (let index = 0; index < bound.length; index++) {
      const value = bound[index];
      const parameter = parameters[index]!;
      if (value === undefined) {
        if (!parameter.hasDefault) return REJECTED;
        call.push(undefined);
      } else if (value === null) {
        if (!parameter.optional) return REJECTED;
        call.push(null);
      } else {
        const marshalled = parameter.marshal(value, parameter);
        if (marshalled === REJECTED) return REJECTED;
        call.push(marshalled);
        // A number given for a tensor is not a handle.
        if (parameter.bit !== 0 && typeof value === 'object' && typeof marshalled === 'number') {
          call[1] += parameter.bit;
        }
      }
    }
    if (this.#deviceAt >= 0) this.#startDevice(call);
    if (job) {
      return job.call_operator(...call).then((result) => this.#unmarshalResult(result, bound));
    }
    if (deferral) return deferral(call, (result) => this.#unmarshalResult(result, bound));
    return this.#unmarshalResult(native.call_operator(...call), bound);
  }

  #startDevice(call: readonly unknown[]): void {
    const device = call[2 + this.#deviceAt];
    if (typeof device === 'string' && device !== 'cpu') startDevice(device);
    if (this.#pinMemoryAt >= 0 && call[2 + this.#pinMemoryAt] === true) startPinning();
  }

  /**
   * Returns the error for arguments that do not fit: wrong names, a wrong number of arguments, or the first of a wrong
   * type.
   */
  explain(args: Arguments, options: Options | undefined): Error {
    const positional =
      this.#variadicPosition < 0 ? args : gatherIntegers(args, this.#variadicPosition, options);
    const bound = bindOr(this, positional);
    if (!Array.isArray(bound)) return bound();
    for (const [index, parameter] of this.parameters.entries()) {
      const value = bound[index];
      if (value === undefined || (value === null && parameter.optional)) continue;
      if (value === null || parameter.marshal(value, parameter) === REJECTED) {
        return this.#mismatch(parameter, value);
      }
    }
    return fail(this, 'the arguments do not fit');
  }

  #mismatch(parameter: Parameter, value: unknown): Error {
    const number = parameter.kind === 'Tensor' && this.schema.takesNumbers ? ' or a number' : '';
    const one = parameter.sized ? ' or an integer' : '';
    const none = parameter.optional ? ' or null' : '';
    const expected = `${EXPECTED[parameter.kind]}${number}${one}${none}`;
    return fail(
      this,
      `argument '${parameter.name}' must be ${expected}, got ${describeArgument(value)}`,
    );
  }

  // Converts the native side's result for the user.
  #unmarshalResult(result: unknown, bound: Arguments): unknown {
    const { returns } = this.schema;
    if (result === undefined) return undefined;
    if (returns.length === 1) return unmarshalOne(returns[0]!, result, bound);
    if (returns.length === 0) return undefined;
    const values = ownArray(result as unknown[]).map((value, index) =>
      unmarshalOne(returns[index]!, value, bound),
    );
    return returns.every(({ name }) => name !== '') ? named(returns, values) : values;
  }
}

/** Gets a call for the native side, and the function that converts its result for the user. */
type Deferral = (
  call: Parameters<Native['call_operator']>,
  finish: (result: unknown) => unknown,
) => unknown;
let deferral: Deferral | undefined;

/** Sets a function that gets each call of an operator, in place of making it. Undefined ends that. */
export function deferOperators(defer: Deferral | undefined): void {
  deferral = defer;
}

/** Returns the type that decides the conversion. For some operators, Python accepts a number for a tensor. */
function kindOf(argument: SchemaArgument, { takesNumbers }: OperatorSchema): keyof typeof MARSHAL {
  return takesNumbers && argument.kind === 'Tensor' ? 'Tensor or number' : argument.kind;
}

function describeArgument(value: unknown): string {
  if (!Array.isArray(value)) return describeTensor(value);
  const described = value.slice(0, 4).map(describeTensor);
  return `[${described.join(', ')}${value.length > 4 ? ', …' : ''}]`;
}

function unmarshalOne(returned: SchemaArgument, value: unknown, bound: Arguments): unknown {
  if (returned.kind === 'Tensor' && typeof value === 'number') {
    // The native side returns -1 - i if the result is the tensor of argument i itself.
    return value < 0 ? bound[-value - 1] : wrap(value);
  }
  if (returned.kind === 'Tensor[]') return ownArray(value as number[]).map(wrap);
  if (returned.kind === 'Tensor[][]') {
    return ownArray(value as number[][]).map((handles) => ownArray(handles).map(wrap));
  }
  if (returned.kind === 'Work') return distributed!.work(value);
  return value;
}

/** Returns results keyed by the schema's names. */
export function named(
  returns: readonly { readonly name: string }[],
  values: unknown[],
): NamedResults {
  const results: Record<string, unknown> = {};
  for (const [index, { name }] of returns.entries()) results[name] = values[index];
  Object.defineProperty(results, Symbol.iterator, { value: () => values[Symbol.iterator]() });
  return results as NamedResults;
}

// --- `x.view(2, 3)` for `x.view([2, 3])` ------------------------------------------------------------------------------

/**
 * Returns the position of the list of integers that may be given as separate arguments, or -1. As in Python, the list
 * must be the only positional parameter besides the tensor.
 */
function variadicPosition(schema: OperatorSchema): number {
  const positional = schema.arguments.filter(({ keywordOnly }) => !keywordOnly);
  const self = positional[0]?.kind === 'Tensor' ? 1 : 0;
  return positional.length === self + 1 && positional[self]!.kind === 'int[]' ? self : -1;
}

function gatherIntegers(args: Arguments, start: number, options: Options | undefined): Arguments {
  const last = options ? args.length - 1 : args.length;
  if (last <= start || !isInt64(args[start])) return args;
  let end = start + 1;
  while (end < last && typeof args[end] !== 'object') end++; // stops at a dtype, which is an object
  return [...args.slice(0, start), args.slice(start, end), ...args.slice(end)];
}

// --- an operator ----------------------------------------------------------------------------------------------------

export interface OperatorOptions {
  /** The overloads to try, in order: a list of their names, or a condition. Default: all. */
  overloads?: readonly string[] | ((schema: OperatorSchema) => boolean);
  /** The name for messages. Default: the qualified name with a dot. */
  name?: string;
  /** The name of the tensor that the schema calls `self`. */
  inputName?: string;
}

/**
 * An operator with all or some of its overloads, which are tried in the order of Python. The schemas are looked up at
 * the first call.
 */
export class Operator {
  readonly qualifiedName: string;
  readonly settings: OperatorOptions;
  #overloads: readonly Overload[] | undefined;

  /** @param qualifiedName - namespace and name, such as `aten::add` */
  constructor(qualifiedName: string, settings: OperatorOptions = {}) {
    this.qualifiedName = qualifiedName;
    this.settings = settings;
  }

  get overloads(): readonly Overload[] {
    this.#overloads ??= this.#find();
    return this.#overloads;
  }

  /**
   * Calls the first overload that fits the arguments, as a job if one is given. The last argument may be an options
   * object.
   */
  call(args: Arguments, job?: NativeJob): unknown {
    const { overloads } = this;
    const last = args.length > 0 ? args[args.length - 1] : undefined;
    const options = isOptions(last) && !isComplex(last) ? last : undefined;
    if (overloads.length === 1) return overloads[0]!.call(args, options, job);
    for (const overload of overloads) {
      const result = overload.attempt(args, options, job);
      if (result !== REJECTED) return result;
    }
    throw this.#noMatch(args, options);
  }

  /** Like {@link call}, but does not block the event loop. The options may have a `signal`: AsyncOptions. */
  callAsync(args: Arguments): Promise<unknown> {
    const [others, options] = splitSignal(args);
    return submit((job) => this.call(others, job) as Promise<unknown>, options);
  }

  #find(): Overload[] {
    const { overloads: wanted, name, inputName } = this.settings;
    const schemas = native.find_operators(this.qualifiedName);
    const make = (schema: OperatorSchema): Overload => {
      const { overload } = schema;
      const full = `${this.qualifiedName.replace('::', '.')}${overload ? `.${overload}` : ''}`;
      return new Overload(name ?? full, schema, inputName, name !== undefined);
    };
    if (typeof wanted === 'function') return schemas.filter(wanted).map(make);
    if (!wanted) return schemas.map(make);
    return wanted.map((overload) => {
      const schema = schemas.find((candidate) => candidate.overload === overload);
      if (!schema) throw runtimeError(`this libtorch has no ${this.qualifiedName}.${overload}`);
      return make(schema);
    });
  }

  #noMatch(args: Arguments, options: Options | undefined): Error {
    const { overloads } = this;
    const name = this.settings.name ?? this.qualifiedName.replace(/^aten::/, '');
    const parameters = overloads.flatMap((overload) => overload.parameters);
    for (const key of Object.keys(options ?? {})) {
      if (!parameters.some((parameter) => parameter.name === key)) {
        return unknownKey({ name, parameters }, key);
      }
    }
    const given = Array.from(args, describeArgument).join(', ');
    const takesDType = parameters.some((each) => each.keywordOnly && each.name === 'dtype');
    const isDType = args[args.length - 1] instanceof DType;
    const hint = isDType && takesDType ? '; the DType may have been meant for { dtype: … }' : '';
    const declarations = overloads.map(({ declaration }) => `  ${declaration}`).join('\n');
    return fail(
      { name, parameters },
      `no overload takes (${given})${hint}. Declarations:\n${declarations}`,
    );
  }
}
