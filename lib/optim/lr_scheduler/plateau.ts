/** Rates that fall when a metric stops improving. Source: torch/optim/lr_scheduler.py. */

import { runtimeError, valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import {
  ANYTHING,
  FLOAT,
  INT,
  NUMBER_OR_NUMBERS,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  STRING,
} from '../../dispatch/signature';
import { usesState } from '../../memory/state';
import type { Tensor } from '../../tensor/tensor';
import { VALUE } from '../options';
import type { Value as Rate } from '../values';
import {
  type AnyOptimizer,
  checkOptimizer,
  groupsOf,
  type Momentum,
  setValue,
  valuesOf,
} from './groups';
import { EPOCH_DEPRECATION_WARNING, LRScheduler, type SchedulerState } from './scheduler';

const REDUCE_LR_ON_PLATEAU = new Signature('ReduceLROnPlateau', {
  optimizer: required(ANYTHING),
  mode: optional(STRING, 'min'),
  factor: optional(FLOAT, 0.1),
  patience: optional(INT, 10),
  threshold: optional(FLOAT, 1e-4),
  threshold_mode: optional(STRING, 'rel'),
  cooldown: optional(INT, 0),
  min_lr: optional(NUMBER_OR_NUMBERS, 0),
  eps: optional(FLOAT, 1e-8),
});

const STEP = new Signature('ReduceLROnPlateau.step', {
  metrics: required(VALUE),
  epoch: nullable(FLOAT),
});

export interface ReduceLROnPlateauOptions {
  /** Whether the metric is to fall or to rise. Default: `'min'`. */
  mode?: 'min' | 'max' | undefined;
  /** What the rates are multiplied by, less than 1. Default: 0.1. */
  factor?: number | undefined;
  /** The number of epochs without improvement that are allowed. Default: 10. */
  patience?: number | undefined;
  /** How much better the metric must be. Default: 1e-4. */
  threshold?: number | undefined;
  /** Whether `threshold` is relative to the best value. Default: `'rel'`. */
  threshold_mode?: 'rel' | 'abs' | undefined;
  /** The number of epochs after a fall in which nothing counts as bad. Default: 0. */
  cooldown?: number | undefined;
  /** The lowest rate, or one for each group. Default: 0. */
  min_lr?: number | readonly number[] | undefined;
  /** A change that is not greater than this is left out. Default: 1e-8. */
  eps?: number | undefined;
}

/**
 * Multiplies the rates by `factor` when a metric has not improved for more than `patience` epochs.
 *
 * ```ts
 * const scheduler = new optim.lr_scheduler.ReduceLROnPlateau(optimizer, { patience: 3 });
 * scheduler.step(validationLoss); // after each epoch
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 *
 * @throws RangeError (ValueError) for a factor of 1 or more, an unknown mode, and another number of `min_lr` than groups
 */
export class ReduceLROnPlateau extends LRScheduler<
  [metrics: number | Tensor, epoch?: number | null]
> {
  static readonly signature = REDUCE_LR_ON_PLATEAU.description;
  declare factor: number;
  declare default_min_lr: number | null;
  declare min_lrs: number[];
  declare patience: number;
  declare cooldown: number;
  declare eps: number;
  declare mode: string;
  declare mode_worse: number;
  declare threshold: number;
  declare threshold_mode: string;
  /** The best value of the metric so far. */
  declare best: number;
  declare cooldown_counter: number;
  declare num_bad_epochs: number;

  constructor(
    ...args: Positional<
      [optimizer: AnyOptimizer],
      [
        mode: 'mode',
        factor: 'factor',
        patience: 'patience',
        threshold: 'threshold',
        threshold_mode: 'threshold_mode',
        cooldown: 'cooldown',
        min_lr: 'min_lr',
        eps: 'eps',
      ],
      ReduceLROnPlateauOptions
    >
  ) {
    const values = REDUCE_LR_ON_PLATEAU.read(args);
    const { optimizer, factor, patience, cooldown, eps } = values;
    if (factor >= 1) throw valueError('Factor should be < 1.0.');
    checkOptimizer(optimizer);
    const min = lowestRates(optimizer, values.min_lr);
    super(optimizer, -1, { factor, ...min, patience, cooldown, eps });
    this._init_is_better(values);
    this._reset();
  }

  override _initialize(): void {
    this.last_epoch = 0;
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }

  /** Forgets the metrics so far. @internal */
  _reset(): void {
    this.best = this.mode_worse;
    this.cooldown_counter = 0;
    this.num_bad_epochs = 0;
  }

  /** Whether nothing counts as bad at present. */
  get in_cooldown(): boolean {
    return this.cooldown_counter > 0;
  }

  /**
   * Looks at the metric of an epoch, and lowers the rates if it has not improved for too long.
   *
   * @param metrics - the metric, such as the loss on validation data
   * @param epoch - deprecated: the number of the epoch
   */
  override step(metrics: number | Tensor, epoch?: number | null): void;
  override step(...args: unknown[]): void {
    const { metrics, epoch } = STEP.read(args);
    usesState(this);
    const current = numberOf(metrics);
    if (epoch !== null) warn(EPOCH_DEPRECATION_WARNING);
    this.last_epoch = epoch ?? this.last_epoch + 1;
    if (this._is_better(current, this.best)) {
      this.best = current;
      this.num_bad_epochs = 0;
    } else {
      this.num_bad_epochs += 1;
    }
    if (this.in_cooldown) {
      this.cooldown_counter -= 1;
      this.num_bad_epochs = 0;
    }
    if (this.num_bad_epochs > this.patience) {
      this._reduce_lr();
      this.cooldown_counter = this.cooldown;
      this.num_bad_epochs = 0;
    }
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }

  /** @internal */
  _reduce_lr(): void {
    const groups = groupsOf(this.optimizer);
    if (groups.length !== this.min_lrs.length) {
      const { default_min_lr } = this;
      if (default_min_lr === null) throw runtimeError(differs(groups.length, this.min_lrs.length));
      this.min_lrs = groups.map(() => default_min_lr);
    }
    for (const [index, group] of groups.entries()) {
      const before = numberOf(group.lr);
      const after = Math.max(before * this.factor, this.min_lrs[index]!);
      if (before - after > this.eps) setValue(group, 'lr', after);
    }
  }

  /** @internal */
  _is_better(value: number, best: number): boolean {
    const { mode, threshold, threshold_mode } = this;
    if (mode === 'min') {
      return value < (threshold_mode === 'rel' ? best * (1 - threshold) : best - threshold);
    }
    return value > (threshold_mode === 'rel' ? best * (threshold + 1) : best + threshold);
  }

  /** @internal */
  _init_is_better(given: { mode: string; threshold: number; threshold_mode: string }): void {
    const { mode, threshold, threshold_mode } = given;
    if (mode !== 'min' && mode !== 'max') throw valueError(`mode ${mode} is unknown!`);
    if (threshold_mode !== 'rel' && threshold_mode !== 'abs') {
      throw valueError(`threshold mode ${threshold_mode} is unknown!`);
    }
    this.mode_worse = mode === 'min' ? Infinity : -Infinity;
    this.mode = mode;
    this.threshold = threshold;
    this.threshold_mode = threshold_mode;
  }

  override load_state_dict(state_dict: SchedulerState): void {
    super.load_state_dict(state_dict);
    this._init_is_better(this);
  }
}

const numberOf = (value: Rate): number =>
  typeof value === 'number' ? value : Number(value.item());

function lowestRates({ param_groups }: AnyOptimizer, min_lr: Momentum): object {
  if (typeof min_lr === 'number') {
    return { default_min_lr: min_lr, min_lrs: param_groups.map(() => min_lr) };
  }
  if (min_lr.length !== param_groups.length) {
    throw valueError(`expected ${param_groups.length} min_lrs, got ${min_lr.length}`);
  }
  return { default_min_lr: null, min_lrs: [...min_lr] };
}

const differs = (groups: number, rates: number): string =>
  `The number of param groups in the \`optimizer\` (${groups}) differs from when \`ReduceLROnPlateau\` was initialized ` +
  `(${rates}), usually due to a new param group being added to the optimizer. Please modify the \`min_lrs\` field to ` +
  'match the length of the `optimizer` param groups.';
