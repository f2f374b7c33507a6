/** The base classes of loss modules: reduction, weight, construction, and calls off the event loop. */

import { type AsyncOptions, submit } from '../../../bindings/jobs';
import { warn } from '../../../bindings/warnings';
import { describe, fail, isOptions } from '../../../dispatch/arguments';
import { Signature, type SignatureParameter } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import type { Given, LossFunction, LossParameters, Values } from '../../functional/loss/definition';
import {
  isLegacy,
  type LegacyReductionOptions,
  legacyReduction,
} from '../../functional/loss/reduction';
import { REDUCTION } from '../../functional/loss/types';
import { Module } from '../module';

/** A call of a loss function, which {@link _Loss.forwardAsync} runs as a job. */
export interface FunctionalCall {
  readonly functional: { async: LossFunction<never, LossParameters>['async'] };
  readonly values: Values;
  readonly inputs: readonly unknown[];
}

/**
 * The base class of losses. It can be extended.
 *
 * See `torch.nn.modules.loss._Loss`.
 */
export abstract class _Loss<
  Args extends unknown[] = [input: Tensor, target: Tensor],
> extends Module<Args, Tensor> {
  /** `'none'`, `'mean'` or `'sum'`. A change takes effect at the next call. */
  reduction: string;

  /**
   * @param options - `reduction`, which defaults to `'mean'`. The deprecated `size_average` and `reduce` override it
   */
  constructor(options: Given<LegacyReductionOptions> & { reduction?: string | undefined } = {}) {
    super();
    const callee = { name: new.target.name, parameters: [] };
    if (!isOptions(options)) {
      throw fail(callee, `options must be a plain object, got ${describe(options)}`);
    }
    const { size_average, reduce, reduction = REDUCTION.default } = options;
    this.reduction = reduction;
    if (!isLegacy(options)) return;
    this.reduction = legacyReduction(callee, size_average, reduce, 'a boolean or null');
    warn(
      `size_average and reduce args will be deprecated, please use reduction='${this.reduction}' instead.`,
      'UserWarning',
      'torch',
    );
  }

  /**
   * Computes the loss off the event loop. Takes the inputs, then options: `{ signal }` cancels the call if it has not
   * started. Calls run one after another, in the order in which they were made. If a subclass overrides `forward`, that
   * method runs on the event loop.
   */
  override async forwardAsync(...args: [...inputs: Args, options?: AsyncOptions]): Promise<Tensor> {
    const inputs: unknown[] = [...args];
    const options = isOptions(inputs.at(-1)) ? (inputs.pop() as AsyncOptions) : undefined;
    const call = this._functionalCall(inputs as Args);
    if (!call) return submit(async () => this.forward(...(inputs as Args)), options);
    return call.functional.async(call.values, call.inputs as never, options);
  }

  /** Returns the call that `forward` makes, or undefined if `forward` may do more than that. @internal */
  _functionalCall(_inputs: Args): FunctionalCall | undefined {
    return undefined;
  }
}

/** The base class of losses with a `weight`, which is a buffer. See `torch.nn.modules.loss._WeightedLoss`. */
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

/** A loss class without its `forward`. Each option is an attribute with the same name. */
export interface LossClass<Args extends unknown[], LossOptions extends object> {
  new (options?: Given<LossOptions>): _Loss<Args> & Attributes<LossOptions>;
  readonly signature: readonly SignatureParameter[];
}

type Attributes<LossOptions> = Required<Omit<LossOptions, 'reduction' | 'size_average' | 'reduce'>>;

/**
 * Makes the base class of a loss from the parameters of its function.
 *
 * @param name - torch's name
 * @param functional - the function, which has the types and defaults
 * @param keywords - the parameters that the class has, too, in its order
 * @param Base - `_WeightedLoss` if Python's class extends that
 */
export function lossClass<Args extends unknown[], LossOptions extends object>(
  name: string,
  functional: Pick<LossFunction<Args, LossParameters>, 'async' | 'options'>,
  keywords: readonly (keyof LossOptions & string)[],
  Base: typeof _Loss | typeof _WeightedLoss = _Loss,
): LossClass<Args, LossOptions> {
  const { options } = functional;
  const parameters = keywords.map((keyword) => {
    const declared = options[keyword]!;
    return [keyword, { ...declared, type: declared.inConstructor }] as const;
  });
  const signature = new Signature(name, Object.fromEntries(parameters));

  abstract class Loss extends (Base as typeof _WeightedLoss<Args>) {
    static readonly signature = signature.description;
    static readonly functional = functional;

    constructor(...args: unknown[]) {
      const values = signature.read(args);
      super(values);
      for (const [key, value] of Object.entries(values)) {
        if (key === 'size_average' || key === 'reduce' || Object.hasOwn(this, key)) continue;
        if (options[key]!.isBuffer) this.register_buffer(key, value as Tensor | null);
        else Object.assign(this, { [key]: value });
      }
    }

    override _functionalCall(inputs: Args): FunctionalCall | undefined {
      return isOverridden(this) ? undefined : { functional, values: this, inputs };
    }
  }

  /** Returns whether a subclass has overridden the `forward` of the loss's own class. */
  const isOverridden = (loss: Loss): boolean => {
    let owner: object = loss;
    while (!Object.hasOwn(owner, 'forward')) owner = Object.getPrototypeOf(owner);
    return Object.getPrototypeOf(owner) !== Loss.prototype;
  };
  return Loss as unknown as LossClass<Args, LossOptions>;
}
