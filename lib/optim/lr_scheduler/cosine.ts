/** Schedules that follow a cosine. Source: torch/optim/lr_scheduler.py. */
import { valueError } from '../../bindings/errors';
import {
  ANYTHING,
  FLOAT,
  INT,
  nullable,
  optional,
  required,
  Signature,
} from '../../dispatch/signature';
import { usesState } from '../../memory/state';
import { typename } from '../../nn/typename';
import { repr } from '../../utils/python';
import { cos, divide, log, modulo, pow } from '../../utils/scalar_math';
import { minus, over, plus, type Value as Rate, times } from '../values';
import { groupsOf, zip } from './groups';
import { type SchedulerArguments, type SchedulerOptions, scheduler } from './scheduler';

export interface CosineOptions extends SchedulerOptions {
  /** The lowest rate. Default: 0. */
  eta_min?: number | undefined;
}

/** `eta_min + (rate - eta_min) * (1 + cos(angle)) / 2` */
const annealed = (rate: Rate, eta_min: number, angle: number): Rate =>
  plus(over(times(minus(rate, eta_min), 1 + cos(angle)), 2), eta_min);

const COSINE = { T_max: required(INT), eta_min: optional(FLOAT, 0) };

/**
 * Lowers the rates along half a cosine, in `T_max` epochs, and raises them again in as many.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 */
export class CosineAnnealingLR extends scheduler<
  SchedulerArguments<[T_max: number], [eta_min: 'eta_min'], CosineOptions, { T_max: number }>,
  typeof COSINE
>('CosineAnnealingLR', COSINE) {
  override _rates(): Rate[] {
    const { T_max, eta_min, last_epoch } = this;
    if (this._is_initial) return this._unchanged();
    if (this._step_count === 1 && last_epoch > 0) {
      const angle = divide(last_epoch * Math.PI, T_max);
      return this.base_lrs.map((rate) => annealed(rate, eta_min, angle));
    }
    if (modulo(last_epoch - 1 - T_max, 2 * T_max) === 0) {
      const rise = 1 - cos(divide(Math.PI, T_max));
      return zip(this.base_lrs, groupsOf(this.optimizer)).map(([rate, { lr }]) =>
        plus(lr, over(times(minus(rate, eta_min), rise), 2)),
      );
    }
    const now = 1 + cos(divide(Math.PI * last_epoch, T_max));
    const before = 1 + cos(divide(Math.PI * (last_epoch - 1), T_max));
    const factor = divide(now, before);
    return groupsOf(this.optimizer).map(({ lr }) =>
      plus(times(minus(lr, eta_min), factor), eta_min),
    );
  }

  override _get_closed_form_lr(): Rate[] {
    const angle = divide(Math.PI * this.last_epoch, this.T_max);
    return this.base_lrs.map((rate) => annealed(rate, this.eta_min, angle));
  }
}

const WARM_RESTARTS = {
  T_0: required(FLOAT),
  T_mult: optional(FLOAT, 1),
  eta_min: optional<unknown>(ANYTHING, 0),
};

const STEP = new Signature('CosineAnnealingWarmRestarts.step', {
  epoch: nullable(FLOAT),
});

export interface CosineAnnealingWarmRestartsOptions extends CosineOptions {
  /** How much longer each cycle is than the one before. Default: 1. */
  T_mult?: number | undefined;
}

interface Cycle {
  T_0: number;
  /** The length of the current cycle. */
  T_i: number;
  T_mult: number;
  eta_min: number;
  /** The epoch in the current cycle. */
  T_cur: number;
}

/**
 * Lowers the rates along half a cosine in `T_0` epochs, then starts again.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 *
 * @throws RangeError (ValueError) for a `T_0` or `T_mult` that is no positive integer
 */
export class CosineAnnealingWarmRestarts extends scheduler<
  SchedulerArguments<
    [T_0: number],
    [T_mult: 'T_mult', eta_min: 'eta_min'],
    CosineAnnealingWarmRestartsOptions,
    { T_0: number }
  >,
  typeof WARM_RESTARTS,
  Cycle
>('CosineAnnealingWarmRestarts', WARM_RESTARTS, ({ T_0, T_mult, eta_min }, last_epoch) => {
  if (T_0 <= 0 || !Number.isInteger(T_0)) {
    throw valueError(`Expected positive integer T_0, but got ${repr(T_0)}`);
  }
  if (T_mult < 1 || !Number.isInteger(T_mult)) {
    throw valueError(`Expected integer T_mult >= 1, but got ${repr(T_mult)}`);
  }
  if (typeof eta_min !== 'number') {
    const type = typename(eta_min);
    throw valueError(`Expected float or int eta_min, but got ${eta_min} of type <class '${type}'>`);
  }
  return { T_0, T_i: T_0, T_mult, eta_min, T_cur: last_epoch };
}) {
  override _rates(): Rate[] {
    const angle = divide(Math.PI * this.T_cur, this.T_i);
    return this.base_lrs.map((rate) => annealed(rate, this.eta_min, angle));
  }

  /**
   * Sets the next rates.
   *
   * @param epoch - the epoch to go to, which may be a fraction. Default: the next one
   */
  override step(epoch?: number | null): void;
  override step(...args: unknown[]): void {
    const { epoch } = STEP.read(args);
    usesState(this);
    let next = epoch ?? (this.last_epoch < 0 ? 0 : null);
    if (next === null) {
      next = this.last_epoch + 1;
      this._advance();
    } else {
      this._go_to(next);
    }
    this.last_epoch = Math.floor(next);
    this._set_rates(this._within_step(() => this.get_lr()));
  }

  /** @internal */
  _advance(): void {
    this.T_cur += 1;
    if (this.T_cur < this.T_i) return;
    this.T_cur %= this.T_i;
    this.T_i *= this.T_mult;
  }

  /** @internal */
  _go_to(epoch: number): void {
    const { T_0, T_mult } = this;
    if (epoch < 0) throw valueError(`Expected non-negative epoch, but got ${repr(epoch)}`);
    if (epoch < T_0) {
      this.T_i = T_0;
      this.T_cur = epoch;
    } else if (T_mult === 1) {
      this.T_cur = epoch % T_0;
    } else {
      const cycles = Math.trunc(log((epoch / T_0) * (T_mult - 1) + 1) / log(T_mult));
      const length = pow(T_mult, cycles);
      this.T_cur = epoch - (T_0 * (length - 1)) / (T_mult - 1);
      this.T_i = T_0 * length;
    }
  }
}
