/**
 * Defines loss functions. A loss has parameters, each declared once with type and default, and one native call.
 *
 * The values of a call come from the options of a functional call, or from the attributes of a module, which have the
 * same names. `huber_loss(input, target, { delta: 2 })` and `huber_loss.with(module, input, target)` make the same
 * native call.
 */

import type { Handle } from '../../../bindings/handle';
import { type AsyncOptions, submit } from '../../../bindings/jobs';
import { type NativeLosses, native } from '../../../bindings/native';
import { wrap } from '../../../bindings/wrap';
import { bind, describe, fail, isOptions, type Options } from '../../../dispatch/arguments';
import { Signature, type SignatureParameter, type ValuesOf } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import {
  type LegacyReductionOptions,
  marshalLegacyReduction,
  type ReductionOption,
  type ReductionValues,
} from './reduction';
import { INPUT, type LossParameter } from './types';

/** Parameters by name, in Python's order. */
export type LossParameters = Readonly<Record<string, LossParameter<unknown, unknown>>>;

/** The required parameters of a loss. `Args` has their types by position, with the names that editors show. */
export interface Inputs<Args extends unknown[], D extends LossParameters> {
  readonly declarations: D;
  /** Never set. It carries the type for TypeScript. */
  readonly args?: Args;
}

/** Declares the required parameters of a loss, in Python's order. */
export const inputs =
  <Args extends unknown[]>() =>
  <D extends LossParameters>(declarations: D): Inputs<Args, D> => ({ declarations });

export type InputAndTarget = [input: Tensor, target: Tensor];

/** The parameters that most losses require. */
export const INPUT_AND_TARGET = inputs<InputAndTarget>()({
  input: INPUT,
  target: INPUT,
});

/** Options as a caller gives them. `undefined` means the default. */
export type Given<LossOptions extends object> = {
  [Key in keyof LossOptions]?: LossOptions[Key] | undefined;
};

type ReductionNames = 'reduction' | 'size_average' | 'reduce';
type Own<D> = Pick<D, Exclude<keyof D, ReductionNames>>;

/** The type of the options object for declared parameters. */
export type OptionsOf<D> = {
  -readonly [Name in keyof Own<D>]?: D[Name] extends LossParameter<infer T, unknown> ? T : never;
} & (D extends { reduction: LossParameter<infer R extends string, unknown> }
  ? ReductionOption<R>
  : unknown) &
  (D extends { size_average: unknown } ? LegacyReductionOptions : unknown);

/** For each parameter, the function that checks a value and converts it for the native side. */
type Marshalling<D> = {
  readonly [Name in keyof D]: D[Name] extends LossParameter<unknown, infer L>
    ? (value: unknown) => L
    : never;
};

/** Values by parameter name: complete options, or a module. */
export type Values = object;

export interface LossFunction<Args extends unknown[], D extends LossParameters> {
  (...args: [...inputs: Args, options?: Given<OptionsOf<D>>]): Tensor;
  readonly signature: readonly SignatureParameter[];
  /** The parameters that have a default. The loss classes use them, too. @internal */
  readonly options: D;
  /** Computes the loss with the attributes of a module as options. @internal */
  with(values: Values, ...inputs: Args): Tensor;
  /** Like {@link with}, but does not block the event loop. @internal */
  async(values: Values, inputs: Args, options?: AsyncOptions): Promise<Tensor>;
}

/**
 * Defines a loss function.
 *
 * @param name - torch's name
 * @param inputs - the required parameters, in Python's order
 * @param options - the parameters with a default, in Python's order
 * @param compute - makes the native call, synchronously or in a job. `at` checks and converts the values in `of`
 */
export function defineLoss<
  Args extends unknown[],
  A extends LossParameters,
  D extends LossParameters,
>(
  name: string,
  { declarations }: Inputs<Args, A>,
  options: D,
  compute: <H>(
    native: NativeLosses<H>,
    at: Marshalling<A & D>,
    of: ValuesOf<D>,
    ...inputs: Args
  ) => H,
): LossFunction<Args, D> {
  const signature = new Signature(name, { ...declarations, ...options });
  const at = marshallersOf({ ...declarations, ...options }, signature) as Marshalling<A & D>;
  // Only options can have size_average and reduce. A module's constructor turned them into its reduction.
  const reduction = (values: unknown): unknown =>
    marshalLegacyReduction(signature, values as ReductionValues);
  const atOptions = 'size_average' in options ? { ...at, reduction } : at;
  const count = Object.keys(declarations).length;
  const names = Object.keys(options);
  const defaults: Values = new Signature(name, options).defaults;
  // No loss has more than four inputs (ctc_loss). Without a rest parameter, V8 inlines the call.
  const run = compute as unknown as (
    native: NativeLosses,
    at: Marshalling<A & D>,
    values: Values,
    ...inputs: unknown[]
  ) => Handle;
  const runWith = (values: Values, a: unknown, b: unknown, c: unknown, d: unknown): Tensor =>
    wrap(run(native, at, values, a, b, c, d));

  const runLater = async (
    values: Values,
    args: Args,
    asyncOptions?: AsyncOptions,
  ): Promise<Tensor> => {
    const surplus: unknown = args[count];
    if (surplus !== undefined) {
      throw fail(signature, `expects options as argument ${count + 1}, got ${describe(surplus)}`);
    }
    return wrap(
      await submit((job) => compute(job, at, values as ValuesOf<D>, ...args), asyncOptions),
    );
  };

  const functional = (...args: unknown[]): Tensor => {
    if (args.length === count && !isOptions(args[args.length - 1])) {
      return wrap(run(native, atOptions, defaults, args[0], args[1], args[2], args[3]));
    }
    const bound = bind(signature, args);
    const values: Options = { ...defaults };
    for (let index = 0; index < names.length; index++) {
      const value = bound[count + index];
      if (value !== undefined) values[names[index]!] = value;
    }
    return wrap(run(native, atOptions, values, bound[0], bound[1], bound[2], bound[3]));
  };
  Object.defineProperty(functional, 'name', { value: name });
  return Object.assign(functional, {
    signature: signature.description,
    options,
    with: runWith,
    async: runLater,
  }) as unknown as LossFunction<Args, D>;
}

function marshallersOf(declarations: LossParameters, callee: Signature<LossParameters>): object {
  const entries = Object.entries(declarations);
  return Object.fromEntries(entries.map(([name, { marshal }]) => [name, marshal(callee, name)]));
}
