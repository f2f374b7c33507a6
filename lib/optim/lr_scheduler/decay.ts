/** Schedules that multiply the rates by a factor. Source: torch/optim/lr_scheduler.py. */
import { valueError } from '../../bindings/errors';
import { FLOAT, INT, optional, required, typeOf } from '../../dispatch/signature';
import { divide, modulo, pow } from '../../utils/scalar_math';
import { type Value as Rate, times } from '../values';
import { type SchedulerArguments, type SchedulerOptions, scheduler } from './scheduler';

const scaled = (rates: readonly Rate[], factor: number): Rate[] =>
  rates.map((rate) => times(rate, factor));

export interface GammaOptions extends SchedulerOptions {
  /** The factor. Default: 0.1. */
  gamma?: number | undefined;
}

const GAMMA = { gamma: optional(FLOAT, 0.1) };
const STEP = { step_size: required(INT), ...GAMMA };

/**
 * Multiplies the rates by `gamma` every `step_size` epochs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 */
export class StepLR extends scheduler<
  SchedulerArguments<[step_size: number], [gamma: 'gamma'], GammaOptions, { step_size: number }>,
  typeof STEP
>('StepLR', STEP) {
  override _rates(): Rate[] {
    const isBetween = this.last_epoch === 0 || modulo(this.last_epoch, this.step_size) !== 0;
    return isBetween ? this._unchanged() : scaled(this._unchanged(), this.gamma);
  }

  override _get_closed_form_lr(): Rate[] {
    const { last_epoch, step_size } = this;
    const count = Math.floor(divide(last_epoch, step_size, 'integer division or modulo by zero'));
    return scaled(this.base_lrs, pow(this.gamma, count));
  }
}

const INTEGERS = typeOf<Iterable<number>>(
  'integers',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Symbol.iterator in value &&
    [...(value as Iterable<unknown>)].every(Number.isSafeInteger),
);

const MULTI_STEP = { milestones: required(INTEGERS), ...GAMMA };

/**
 * Multiplies the rates by `gamma` at each of the milestones.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 */
export class MultiStepLR extends scheduler<
  SchedulerArguments<
    [milestones: Iterable<number>],
    [gamma: 'gamma'],
    GammaOptions,
    { milestones: Iterable<number> }
  >,
  typeof MULTI_STEP,
  { milestones: Record<number, number>; gamma: number }
>('MultiStepLR', MULTI_STEP, ({ milestones, gamma }) => {
  // How often each milestone is given.
  const counts: Record<number, number> = {};
  for (const milestone of milestones) counts[milestone] = (counts[milestone] ?? 0) + 1;
  return { milestones: counts, gamma };
}) {
  override _rates(): Rate[] {
    const count = this.milestones[this.last_epoch];
    if (count === undefined) return this._unchanged();
    return scaled(this._unchanged(), pow(this.gamma, count));
  }

  override _get_closed_form_lr(): Rate[] {
    const passed = Object.entries(this.milestones).filter(
      ([milestone]) => Number(milestone) <= this.last_epoch,
    );
    const count = passed.reduce((sum, [, times]) => sum + times, 0);
    return scaled(this.base_lrs, pow(this.gamma, count));
  }
}

export interface ConstantLROptions extends SchedulerOptions {
  /** The factor, from 0 to 1. Default: 1/3. */
  factor?: number | undefined;
  /** The number of epochs. Default: 5. */
  total_iters?: number | undefined;
}

const TOTAL = { total_iters: optional(INT, 5) };
const CONSTANT = { factor: optional(FLOAT, 1 / 3), ...TOTAL };

/**
 * Multiplies the rates by `factor` for the first `total_iters` epochs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 *
 * @throws RangeError (ValueError) for a factor that is not from 0 to 1
 */
export class ConstantLR extends scheduler<
  SchedulerArguments<[], [factor: 'factor', total_iters: 'total_iters'], ConstantLROptions>,
  typeof CONSTANT
>('ConstantLR', CONSTANT, (values) => {
  if (values.factor > 1 || values.factor < 0) {
    throw valueError('Constant multiplicative factor expected to be between 0 and 1.');
  }
  return values;
}) {
  override _rates(): Rate[] {
    if (this.last_epoch === 0) return scaled(this._unchanged(), this.factor);
    if (this.last_epoch !== this.total_iters) return this._unchanged();
    return scaled(this._unchanged(), divide(1, this.factor));
  }

  override _get_closed_form_lr(): Rate[] {
    const isOver = Number(this.last_epoch >= this.total_iters);
    return scaled(this.base_lrs, this.factor + isOver * (1 - this.factor));
  }
}

export interface LinearLROptions extends SchedulerOptions {
  /** The factor in the first epoch. Default: 1/3. */
  start_factor?: number | undefined;
  /** The factor at the end. Default: 1. */
  end_factor?: number | undefined;
  /** The number of epochs from the one to the other. Default: 5. */
  total_iters?: number | undefined;
}

const LINEAR = { start_factor: optional(FLOAT, 1 / 3), end_factor: optional(FLOAT, 1), ...TOTAL };

/**
 * Changes the factor of the rates linearly, from `start_factor` to `end_factor`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 *
 * @throws RangeError (ValueError) for a factor that is not from 0 to 1, and a `start_factor` of 0
 */
export class LinearLR extends scheduler<
  SchedulerArguments<
    [],
    [start_factor: 'start_factor', end_factor: 'end_factor', total_iters: 'total_iters'],
    LinearLROptions
  >,
  typeof LINEAR
>('LinearLR', LINEAR, (values) => {
  const { start_factor, end_factor } = values;
  if (start_factor > 1 || start_factor <= 0) {
    throw valueError(
      'Starting multiplicative factor expected to be greater than 0 and less or equal to 1.',
    );
  }
  if (end_factor > 1 || end_factor < 0) {
    throw valueError('Ending multiplicative factor expected to be between 0 and 1.');
  }
  return values;
}) {
  override _rates(): Rate[] {
    const { last_epoch, start_factor, total_iters } = this;
    if (last_epoch === 0) return scaled(this._unchanged(), start_factor);
    if (this._is_initial || last_epoch > total_iters) return this._unchanged();
    const change = this.end_factor - start_factor;
    const before = total_iters * start_factor + (last_epoch - 1) * change;
    return scaled(this._unchanged(), 1 + divide(change, before));
  }

  override _get_closed_form_lr(): Rate[] {
    const { last_epoch, start_factor, total_iters } = this;
    const change = this.end_factor - start_factor;
    const done = divide(change * Math.min(total_iters, last_epoch), total_iters);
    return scaled(this.base_lrs, start_factor + done);
  }
}

const EXPONENTIAL = { gamma: required(FLOAT) };

/**
 * Multiplies the rates by `gamma` every epoch.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 */
export class ExponentialLR extends scheduler<
  SchedulerArguments<[gamma: number], [], SchedulerOptions, { gamma: number }>,
  typeof EXPONENTIAL
>('ExponentialLR', EXPONENTIAL) {
  override _rates(): Rate[] {
    return this._is_initial ? this._unchanged() : scaled(this._unchanged(), this.gamma);
  }

  override _get_closed_form_lr(): Rate[] {
    return scaled(this.base_lrs, pow(this.gamma, this.last_epoch));
  }
}

export interface PolynomialLROptions extends SchedulerOptions {
  /** The number of epochs until the rates are 0. Default: 5. */
  total_iters?: number | undefined;
  /** The power of the polynomial. Default: 1. */
  power?: number | undefined;
}

const POLYNOMIAL = { ...TOTAL, power: optional(FLOAT, 1) };

/**
 * Lowers the rates to 0 by a polynomial, in `total_iters` epochs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 */
export class PolynomialLR extends scheduler<
  SchedulerArguments<[], [total_iters: 'total_iters', power: 'power'], PolynomialLROptions>,
  typeof POLYNOMIAL
>('PolynomialLR', POLYNOMIAL) {
  override _rates(): Rate[] {
    const { last_epoch, total_iters } = this;
    if (this._is_initial || last_epoch > total_iters) return this._unchanged();
    const now = 1 - divide(last_epoch, total_iters, 'division by zero');
    const before = 1 - (last_epoch - 1) / total_iters;
    return scaled(this._unchanged(), pow(divide(now, before), this.power));
  }

  override _get_closed_form_lr(): Rate[] {
    const { last_epoch, total_iters } = this;
    const done = divide(Math.min(total_iters, last_epoch), total_iters, 'division by zero');
    return scaled(this.base_lrs, pow(1 - done, this.power));
  }
}
