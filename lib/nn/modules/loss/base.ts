/** What loss modules share: the reduction, the weight, and how their keywords are read. */

import type { AsyncOptions } from '../../../bindings/jobs';
import { warn } from '../../../bindings/warnings';
import { bind, type Callee, describe, fail, isOptions } from '../../../dispatch/arguments';
import type { Tensor } from '../../../tensor/tensor';
import {
  type Given,
  type LegacyReductionOptions,
  legacyReduction,
  type Option,
  type ReductionOption,
  type SignatureParameter,
  signatureOf,
} from '../../functional/loss/definition';
import { Module } from '../module';

/**
 * The base of losses, for your own too.
 *
 * See `torch.nn.modules.loss._Loss`.
 */
export abstract class _Loss<
  Args extends unknown[] = [input: Tensor, target: Tensor],
> extends Module<Args, Tensor> {
  /** `'none'`, `'mean'` or `'sum'`: the next call follows it. */
  reduction: string;

  /** @param options - `reduction`, default `'mean'`; the deprecated `size_average` and `reduce` override it */
  constructor(options: Given<LegacyReductionOptions> & { reduction?: string | undefined } = {}) {
    super();
    if (!isOptions(options)) {
      const callee = { name: new.target.name, parameters: [] };
      throw fail(callee, `options must be a plain object, got ${describe(options)}`);
    }
    const { size_average, reduce, reduction = 'mean' } = options;
    this.reduction = legacyName(new.target.name, { size_average, reduce }) ?? reduction;
  }

  /**
   * As calling the loss, off the event loop: the inputs, then `{ signal }` to drop the call if it has not started. Calls
   * run one after another, in the order they were made. A loss of your own runs on the event loop, unless it overrides
   * this.
   */
  async forwardAsync(...args: [...inputs: Args, options?: AsyncOptions]): Promise<Tensor> {
    const last = args[args.length - 1];
    const inputs = isOptions(last) ? args.slice(0, -1) : args;
    return this.forward(...(inputs as Args));
  }
}

/** The base of losses with a weight, a buffer. See `torch.nn.modules.loss._WeightedLoss`. */
export abstract class _WeightedLoss<
  Args extends unknown[] = [input: Tensor, target: Tensor],
> extends _Loss<Args> {
  declare weight: Tensor | null;

  constructor(
    options: Given<LegacyReductionOptions> & {
      reduction?: string | undefined;
      weight?: Tensor | null | undefined;
    } = {},
  ) {
    super(options);
    this.register_buffer('weight', options.weight ?? null);
  }
}

// Source: legacy_get_string in torch/nn/_reduction.py.
function legacyName(
  loss: string,
  { size_average, reduce }: { size_average: unknown; reduce: unknown },
): string | undefined {
  const isUnset = (value: unknown): boolean => value === null || value === undefined;
  if (isUnset(size_average) && isUnset(reduce)) return undefined;
  const flag = (name: string, value: unknown): boolean => {
    if (isUnset(value) || typeof value === 'boolean') return value !== false;
    const problem = `argument '${name}' must be a boolean or null, got ${describe(value)}`;
    throw fail({ name: loss, parameters: [] }, problem);
  };
  const name = legacyReduction(flag('size_average', size_average), flag('reduce', reduce));
  warn(
    `size_average and reduce args will be deprecated, please use reduction='${name}' instead.`,
    'UserWarning',
    'torch',
  );
  return name;
}

/** The keyword parameters of a loss's constructor. */
export class Keywords<Options extends object> {
  readonly signature: readonly SignatureParameter[];
  readonly #callee: Callee;
  readonly #options: readonly Option[];

  /**
   * @param name - the class's
   * @param functional - where the defaults stand
   * @param keywords - names, in Python's order
   */
  constructor(
    name: string,
    functional: { defaultOf(option: string): unknown },
    keywords: readonly (keyof Options & string)[],
  ) {
    this.#options = keywords.map((keyword) => [keyword, functional.defaultOf(keyword)]);
    this.signature = signatureOf([], this.#options);
    this.#callee = {
      name,
      parameters: keywords.map((keyword) => ({ name: keyword, keywordOnly: true })),
    };
  }

  /**
   * The values of all keywords.
   *
   * @throws TypeError for an unknown keyword, or a value of another type than the default's
   */
  read(args: ArrayLike<unknown>): Required<Options> {
    const bound = bind(this.#callee, args);
    const values: Record<string, unknown> = {};
    for (const [index, [name, fallback]] of this.#options.entries()) {
      const value = bound[index];
      // As in Python, any reduction is refused by the call.
      const isTaken = value === undefined || name === 'reduction';
      values[name] = isTaken
        ? value === undefined
          ? fallback
          : value
        : this.#checked(name, value, fallback);
    }
    return values as Required<Options>;
  }

  #checked(name: string, value: unknown, fallback: unknown): unknown {
    const isNumber = typeof fallback === 'number' && typeof value === 'bigint';
    if (fallback === null || typeof value === typeof fallback || isNumber) return value;
    const article = `a ${typeof fallback}`;
    throw fail(this.#callee, `argument '${name}' must be ${article}, got ${describe(value)}`);
  }
}

export type { ReductionOption };
