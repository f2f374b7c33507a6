/** Schedules whose factors are computed by functions. Source: torch/optim/lr_scheduler.py. */
import { typeError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe } from '../../dispatch/arguments';
import { ANYTHING, INT, optional, required, Signature } from '../../dispatch/signature';
import { typename } from '../../nn/typename';
import { type Value as Rate, times } from '../values';
import { type AnyOptimizer, checkOptimizer, groupsOf, zip } from './groups';
import { checkState, LRScheduler, type SchedulerOptions, type SchedulerState } from './scheduler';

/** Computes a factor from the number of the epoch. */
export type LRLambda = (epoch: number) => Rate;

/** What a function keeps in properties of its own, or null if it has none. */
export function ownState(fn: object): object | null {
  return Object.keys(fn).length > 0 ? { ...fn } : null;
}

/** What {@link LambdaLR} and {@link MultiplicativeLR} share. */
abstract class ByLambda extends LRScheduler {
  declare lr_lambdas: LRLambda[];

  constructor(values: { optimizer: unknown; lr_lambda: unknown; last_epoch: number }) {
    const { optimizer, lr_lambda, last_epoch } = values;
    checkOptimizer(optimizer);
    super(optimizer, last_epoch, { lr_lambdas: lambdasOf(optimizer, lr_lambda) });
  }

  protected _factor(lambda: LRLambda): Rate {
    const factor: unknown = lambda(this.last_epoch);
    if (typeof factor === 'number' || isTensor(factor)) return factor as Rate;
    throw typeError(`lr_lambda must return a number or a Tensor, got ${describe(factor)}`);
  }

  /** Of each function, its own properties are saved: null if it has none. */
  override state_dict(): SchedulerState {
    const { lr_lambdas: _, ...state } = super.state_dict();
    return { ...state, lr_lambdas: this.lr_lambdas.map(ownState) };
  }

  override load_state_dict(state_dict: SchedulerState): void {
    checkState(state_dict);
    const { lr_lambdas, ...state } = state_dict;
    super.load_state_dict(state);
    for (const [index, saved] of ((lr_lambdas ?? []) as (object | null)[]).entries()) {
      if (saved) Object.assign(this.lr_lambdas[index]!, saved);
    }
  }
}

function lambdasOf({ param_groups }: AnyOptimizer, given: unknown): unknown[] {
  const lambdas = Array.isArray(given) ? [...given] : param_groups.map(() => given);
  if (lambdas.length !== param_groups.length) {
    throw valueError(`Expected ${param_groups.length} lr_lambdas, but got ${lambdas.length}`);
  }
  const wrong = lambdas.find((lambda) => typeof lambda !== 'function');
  if (wrong === undefined) return lambdas;
  throw typeError(`lr_lambda should be a function, but got ${typename(wrong)}`);
}

const DECLARED = {
  optimizer: required(ANYTHING),
  lr_lambda: required(ANYTHING),
  last_epoch: optional(INT, -1),
};
const LAMBDA_LR = new Signature('LambdaLR', DECLARED);
const MULTIPLICATIVE_LR = new Signature('MultiplicativeLR', DECLARED);

interface LambdaOptions extends SchedulerOptions {
  lr_lambda: LRLambda | readonly LRLambda[];
}

/**
 * Sets the rates to the first ones times what a function computes, or one function for each group.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 */
export class LambdaLR extends ByLambda {
  static readonly signature = LAMBDA_LR.description;

  constructor(
    optimizer: AnyOptimizer,
    lr_lambda: LRLambda | readonly LRLambda[],
    last_epoch?: number | SchedulerOptions,
  );
  constructor(optimizer: AnyOptimizer, options: LambdaOptions);
  constructor(...args: unknown[]) {
    super(LAMBDA_LR.read(args));
  }

  override _rates(): Rate[] {
    return zip(this.lr_lambdas, this.base_lrs).map(([lambda, rate]) =>
      times(rate, this._factor(lambda)),
    );
  }
}

/**
 * Multiplies the rates by what a function computes, or one function for each group.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 */
export class MultiplicativeLR extends ByLambda {
  static readonly signature = MULTIPLICATIVE_LR.description;

  constructor(
    optimizer: AnyOptimizer,
    lr_lambda: LRLambda | readonly LRLambda[],
    last_epoch?: number | SchedulerOptions,
  );
  constructor(optimizer: AnyOptimizer, options: LambdaOptions);
  constructor(...args: unknown[]) {
    super(MULTIPLICATIVE_LR.read(args));
  }

  override _rates(): Rate[] {
    if (this._is_initial) return this._unchanged();
    return zip(this.lr_lambdas, groupsOf(this.optimizer)).map(([lambda, { lr }]) =>
      times(lr, this._factor(lambda)),
    );
  }
}
