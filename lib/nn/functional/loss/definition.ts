/**
 * What every loss function is made of: its parameters, declared once with their defaults, and one native call.
 *
 * A call's values come either from the options of a functional call or from a module's attributes, which have the same
 * names: `huber_loss(input, target, { delta: 2 })` and `huber_loss.with(module, input, target)` end in the same place.
 */

import { describeTensor, type Handle, handleOf, tensorHandle } from '../../../bindings/handle';
import { type AsyncOptions, submit } from '../../../bindings/jobs';
import type { LoweredReduction } from '../../../bindings/native';
import { wrap } from '../../../bindings/wrap';
import {
  bind,
  type Callee,
  fail,
  isOptions,
  type Options,
  type Parameter,
} from '../../../dispatch/arguments';
import type { Tensor } from '../../../tensor/tensor';
import { repr } from '../../../utils/python';
import { inJob } from './door';

/** How a loss is reduced: not at all, to the mean, or to the sum of its elements. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Superseded by `reduction`; either, when given, overrides it with a warning, as in torch. */
export interface LegacyReductionOptions {
  /** @deprecated Use `reduction`. */
  size_average?: boolean | null;
  /** @deprecated Use `reduction`. */
  reduce?: boolean | null;
}

export interface ReductionOption<R extends string = Reduction> {
  /** What is returned: the loss of each element, their mean, or their sum. Default: `'mean'`. */
  reduction?: R;
}

export interface ReductionOptions<R extends string = Reduction>
  extends ReductionOption<R>,
    LegacyReductionOptions {}

/** Lengths of sequences: a tensor, or integers. */
export type Lengths = Tensor | readonly (number | bigint)[] | Int32Array | BigInt64Array;

/** The distance of two tensors, differentiable: called synchronously. */
export type DistanceFunction = (left: Tensor, right: Tensor) => Tensor;

/** The key under which a distance that is torch.pairwise_distance says so: nothing then has to be called back. */
export const PAIRWISE = Symbol('pairwise distance');

/** What torch.pairwise_distance takes beside its tensors. */
export type Pairwise = readonly [p: number, eps: number, keepdim: boolean];

const DEFAULT_PAIRWISE: Pairwise = [2, 1e-6, false];

/** A parameter as `inspect.signature` shows it in Python. */
export interface SignatureParameter {
  readonly name: string;
  readonly required: boolean;
  /** Undefined for a required parameter; null is Python's None. */
  readonly default: unknown;
}

/** An option's name and default. */
export type Option = readonly [name: string, value: unknown];

// The options that most losses have.
export const SIZE_AVERAGE: Option = ['size_average', null];
export const REDUCE: Option = ['reduce', null];
export const REDUCTION: Option = ['reduction', 'mean'];
export const WEIGHT: Option = ['weight', null];

export type InputAndTarget = [input: Tensor, target: Tensor];

/** Values by parameter name: complete options, or a module. */
export type Values = object;

/** Options as callers may give them: `undefined` is the default. */
export type Given<LossOptions extends object> = {
  [Key in keyof LossOptions]?: LossOptions[Key] | undefined;
};

export interface LossFunction<Inputs extends unknown[], LossOptions extends object> {
  (...args: [...inputs: Inputs, options?: Given<LossOptions>]): Tensor;
  readonly signature: readonly SignatureParameter[];
  /** The default of an option, which modules share. @internal */
  defaultOf(option: string): unknown;
  /** Calls with the values of a module's attributes. @internal */
  with(values: Values, ...inputs: Inputs): Tensor;
  /** As {@link with}, off the event loop. @internal */
  async(values: Values, inputs: Inputs, options?: AsyncOptions): Promise<Tensor>;
}

const REDUCTIONS = ['none', 'mean', 'sum', 'batchmean', 'elementwise_mean'];
const LEGACY_FACTOR = 8;

interface GivenReduction {
  reduction?: unknown;
  size_average?: unknown;
  reduce?: unknown;
}

/** Checks values and lowers them for the native side; errors name the function and the parameter. */
export class Lowering {
  readonly #callee: Callee;

  constructor(callee: Callee) {
    this.#callee = callee;
  }

  tensor(value: unknown, name: string): Handle {
    return handleOf(value) || tensorHandle(value, this.#callee, name);
  }

  optionalTensor(value: unknown, name: string): Handle | null {
    return value === null || value === undefined ? null : this.tensor(value, name);
  }

  float(value: unknown, name: string): number {
    if (typeof value === 'number') return value;
    throw this.#mismatch(value, name, 'a number');
  }

  int(value: unknown, name: string): number | bigint {
    if (Number.isSafeInteger(value)) return value as number;
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
    throw this.#mismatch(value, name, 'an integer of 64 bits');
  }

  optionalInt(value: unknown, name: string): number | bigint | null {
    return value === null || value === undefined ? null : this.int(value, name);
  }

  bool(value: unknown, name: string): boolean {
    if (typeof value === 'boolean') return value;
    throw this.#mismatch(value, name, 'a boolean');
  }

  /**
   * Returns the reduction with `size_average` and `reduce`, whose warning and effect are the native side's. Python takes
   * any value, and says with its text that it is no reduction.
   */
  reduction(values: GivenReduction): LoweredReduction {
    const { reduction, size_average, reduce } = values;
    const name = typeof reduction === 'string' ? reduction : this.#textOf(reduction);
    const code = REDUCTIONS.indexOf(name);
    const legacy = this.#legacy(size_average, reduce);
    if (legacy === undefined) return code >= 0 ? code : name;
    return code >= 0 ? code + LEGACY_FACTOR * (legacy + 1) : [name, legacy];
  }

  /** As {@link reduction}, of losses where Python's own check fails with a TypeError for what is no string. */
  stringReduction(values: GivenReduction): LoweredReduction {
    const { reduction, size_average, reduce } = values;
    const legacy = this.#legacy(size_average, reduce);
    if (typeof reduction !== 'string' && legacy === undefined) {
      throw this.#mismatch(reduction, 'reduction', 'a string');
    }
    return this.reduction(values);
  }

  #textOf(reduction: unknown): string {
    if (reduction === null || /^(number|bigint|boolean)$/.test(typeof reduction)) {
      return repr(reduction);
    }
    throw this.#mismatch(reduction, 'reduction', 'a string');
  }

  #legacy(sizeAverage: unknown, reduce: unknown): number | undefined {
    const unset = (value: unknown): boolean => value === null || value === undefined;
    if (unset(sizeAverage) && unset(reduce)) return undefined;
    const averages = unset(sizeAverage) || this.bool(sizeAverage, 'size_average');
    const reduces = unset(reduce) || this.bool(reduce, 'reduce');
    return REDUCTIONS.indexOf(legacyReduction(averages, reduces));
  }

  /** An object of a class, or null. */
  optionalInstance<T extends object>(
    value: unknown,
    name: string,
    Class: new (...args: never[]) => T,
  ): T | null {
    if (value === null || value === undefined) return null;
    if (value instanceof Class) return value;
    throw this.#mismatch(value, name, `a ${Class.name}`);
  }

  /** A tensor, or integers. */
  lengths(value: unknown, name: string): Handle | (number | bigint)[] {
    const handle = handleOf(value);
    if (handle) return handle;
    if (Array.isArray(value) || value instanceof Int32Array || value instanceof BigInt64Array) {
      return Array.from(value as ArrayLike<unknown>, (length) => this.int(length, name));
    }
    throw this.#mismatch(value, name, 'a Tensor or an array of integers');
  }

  /** A tensor, or a number for all elements. */
  variance(value: unknown, name: string): Handle | [number] {
    if (typeof value === 'number') return [value];
    const handle = handleOf(value);
    if (handle) return handle;
    throw this.#mismatch(value, name, 'a Tensor or a number');
  }

  /** A distance of tensors as one of handles. */
  distance(value: unknown, name: string): (left: Handle, right: Handle) => Handle {
    if (typeof value !== 'function') throw this.#mismatch(value, name, 'a function or null');
    return (left, right) =>
      this.tensor((value as DistanceFunction)(wrap(left), wrap(right)), `result of ${name}`);
  }

  #mismatch(value: unknown, name: string, expected: string): Error {
    return fail(
      this.#callee,
      `argument '${name}' must be ${expected}, got ${describeTensor(value)}`,
    );
  }
}

/** How a distance is torch.pairwise_distance, which null stands for; undefined for any other function. */
export function pairwiseOf(distance: unknown): Pairwise | undefined {
  if (distance === null || distance === undefined) return DEFAULT_PAIRWISE;
  return (distance as { [PAIRWISE]?: Pairwise })[PAIRWISE];
}

/** What the deprecated `size_average` and `reduce` ask for. Source: torch/nn/_reduction.py. */
export function legacyReduction(sizeAverage: boolean, reduce: boolean): Reduction {
  if (!reduce) return 'none';
  return sizeAverage ? 'mean' : 'sum';
}

/**
 * Defines a loss function.
 *
 * @param name - torch's name
 * @param inputs - the required parameters, in Python's order
 * @param options - the others with their defaults, in Python's order
 * @param call - lowers the values and makes the native call
 */
export function defineLoss<Inputs extends unknown[], LossOptions extends object>(
  name: string,
  inputs: readonly string[],
  options: readonly Option[],
  call: (at: Lowering, values: Required<LossOptions>, ...inputs: Inputs) => Handle,
): LossFunction<Inputs, LossOptions> {
  const parameters: Parameter[] = [
    ...inputs.map((input) => ({ name: input, required: true })),
    ...options.map(([option]) => ({ name: option, keywordOnly: true })),
  ];
  const callee: Callee = { name, parameters };
  const at = new Lowering(callee);
  const defaults = Object.freeze(Object.fromEntries(options));
  // Four inputs are the most that a loss has (ctc_loss): without a rest parameter the engine inlines the call.
  const run = call as unknown as (at: Lowering, values: Values, ...inputs: unknown[]) => Handle;
  const runWith = (values: Values, a: unknown, b: unknown, c: unknown, d: unknown): Tensor =>
    wrap(run(at, values, a, b, c, d));

  const runLater = async (
    values: Values,
    inputs: readonly unknown[],
    asyncOptions?: AsyncOptions,
  ): Promise<Tensor> => {
    const start = (job: number): Promise<Handle> =>
      inJob(job, () => run(at, values, ...inputs) as unknown as Promise<Handle>);
    return wrap(await submit(start, asyncOptions));
  };

  const functional = (...args: unknown[]): Tensor => {
    if (args.length === inputs.length && !isOptions(args[args.length - 1])) {
      return runWith(defaults, args[0], args[1], args[2], args[3]);
    }
    const bound = bind(callee, args);
    const values: Options = { ...defaults };
    for (const [index, [option]] of options.entries()) {
      const value = bound[inputs.length + index];
      if (value !== undefined) values[option] = value;
    }
    return runWith(values, bound[0], bound[1], bound[2], bound[3]);
  };
  Object.defineProperty(functional, 'name', { value: name });
  return Object.assign(functional, {
    signature: signatureOf(inputs, options),
    defaultOf: (option: string): unknown => defaults[option],
    with: runWith,
    async: (values: Values, inputs: Inputs, asyncOptions?: AsyncOptions) =>
      runLater(values, inputs, asyncOptions),
  }) as unknown as LossFunction<Inputs, LossOptions>;
}

/** A signature in Python's form. */
export function signatureOf(
  required: readonly string[],
  options: readonly Option[],
): readonly SignatureParameter[] {
  return [
    ...required.map((name) => ({ name, required: true, default: undefined })),
    ...options.map(([name, value]) => ({ name, required: false, default: value })),
  ];
}
