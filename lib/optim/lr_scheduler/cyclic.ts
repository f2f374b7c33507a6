/** Rates that go up and down in cycles. Source: torch/optim/lr_scheduler.py. */
import { valueError } from '../../bindings/errors';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  FUNCTION,
  INT,
  NUMBER_OR_NUMBERS,
  nullable,
  optional,
  required,
  Signature,
  STRING,
} from '../../dispatch/signature';
import { divide, pow } from '../../utils/scalar_math';
import { minus, plus, type Value as Rate, times } from '../values';
import {
  type AnyOptimizer,
  checkOptimizer,
  cycleMomentum,
  groupsOf,
  type Momentum,
  RATES,
  type Rates,
  setMomentum,
  setValue,
  valueForEach,
  zip,
} from './groups';
import { ownState } from './lambda';
import { checkState, LRScheduler, type SchedulerOptions, type SchedulerState } from './scheduler';

export type CyclicMode = 'triangular' | 'triangular2' | 'exp_range';

/** Computes by how much a cycle is scaled, from the number of the cycle or of the step. */
export type ScaleFunction = (x: number) => number;

const CYCLIC_LR = new Signature('CyclicLR', {
  optimizer: required(ANYTHING),
  base_lr: required(RATES),
  max_lr: required(RATES),
  step_size_up: optional(FLOAT, 2000),
  step_size_down: nullable(FLOAT),
  mode: optional(STRING, 'triangular'),
  gamma: optional(FLOAT, 1),
  scale_fn: nullable(FUNCTION),
  scale_mode: optional(STRING, 'cycle'),
  cycle_momentum: optional(BOOL, true),
  base_momentum: optional(NUMBER_OR_NUMBERS, 0.8),
  max_momentum: optional(NUMBER_OR_NUMBERS, 0.9),
  last_epoch: optional(INT, -1),
});

export interface CyclicLROptions extends SchedulerOptions {
  /** The number of steps in which a rate rises. Default: 2000. */
  step_size_up?: number | undefined;
  /** The number of steps in which a rate falls. Default: null, as many. */
  step_size_down?: number | null | undefined;
  /** Whether cycles stay as high, are halved, or are scaled by `gamma ** step`. Default: `'triangular'`. */
  mode?: CyclicMode | undefined;
  /** The factor of `'exp_range'`. Default: 1. */
  gamma?: number | undefined;
  /** Scales the cycles in place of `mode`. Default: null. */
  scale_fn?: ScaleFunction | null | undefined;
  /** What `scale_fn` is given: the number of the cycle or of the step. Default: `'cycle'`. */
  scale_mode?: 'cycle' | 'iterations' | undefined;
  /** Whether the momentum goes the other way. Default: true. */
  cycle_momentum?: boolean | undefined;
  /** The lowest momentum, or one for each group. Default: 0.8. */
  base_momentum?: Momentum | undefined;
  /** The highest momentum, or one for each group. Default: 0.9. */
  max_momentum?: Momentum | undefined;
}

/**
 * Moves the rates between `base_lr` and `max_lr` and back, and the momentum the other way.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 *
 * @throws RangeError (ValueError) for an optimizer without momentum, unless `cycle_momentum` is false
 */
export class CyclicLR extends LRScheduler {
  static readonly signature = CYCLIC_LR.description;
  declare max_lrs: Rate[];
  declare total_size: number;
  declare step_ratio: number;
  declare mode: string;
  declare gamma: number;
  declare scale_mode: string;
  declare cycle_momentum: boolean;
  declare use_beta1: boolean;
  declare base_momentums: number[];
  declare max_momentums: number[];
  declare _scale_fn_custom: ScaleFunction | null;

  constructor(
    optimizer: AnyOptimizer,
    base_lr: Rates,
    max_lr: Rates,
    step_size_up: number,
    step_size_down?: number | null,
    mode?: CyclicMode,
    gamma?: number,
    scale_fn?: ScaleFunction | null,
    scale_mode?: 'cycle' | 'iterations',
    cycle_momentum?: boolean,
    base_momentum?: Momentum,
    max_momentum?: Momentum,
    last_epoch?: number,
  );
  constructor(optimizer: AnyOptimizer, base_lr: Rates, max_lr: Rates, options?: CyclicLROptions);
  constructor(
    optimizer: AnyOptimizer,
    options: CyclicLROptions & {
      base_lr: Rates;
      max_lr: Rates;
    },
  );
  constructor(...args: unknown[]) {
    const values = CYCLIC_LR.read(args);
    const { optimizer, last_epoch, step_size_up, mode, gamma, scale_fn, cycle_momentum } = values;
    checkOptimizer(optimizer);
    const base_lrs = valueForEach('base_lr', optimizer, values.base_lr);
    if (last_epoch === -1) {
      for (const [rate, group] of zip(base_lrs, groupsOf(optimizer))) setValue(group, 'lr', rate);
    }
    const total_size = step_size_up + (values.step_size_down ?? step_size_up);
    const max_lrs = valueForEach('max_lr', optimizer, values.max_lr);
    const step_ratio = divide(step_size_up, total_size);
    if (!Object.hasOwn(SCALES, mode) && scale_fn === null) {
      throw valueError('mode is invalid and scale_fn is None');
    }
    super(optimizer, last_epoch, {
      ...{ max_lrs, total_size, step_ratio, mode, gamma, _scale_fn_custom: scale_fn },
      scale_mode: scale_fn === null ? SCALES[mode]!.mode : values.scale_mode,
      cycle_momentum,
      ...(cycle_momentum && cycleMomentum(optimizer, values)),
    });
    // The first step reads the groups' initial rates, as in Python.
    this.base_lrs = base_lrs;
  }

  /** Computes by how much a cycle is scaled. */
  scale_fn(x: number): number {
    return this._scale_fn_custom
      ? this._scale_fn_custom(x)
      : SCALES[this.mode]!.scale(x, this.gamma);
  }

  override _rates(): Rate[] {
    const { last_epoch, total_size, step_ratio } = this;
    const cycle = Math.floor(1 + last_epoch / total_size);
    const x = 1 + last_epoch / total_size - cycle;
    const height = x <= step_ratio ? divide(x, step_ratio) : divide(x - 1, step_ratio - 1);
    const scale = (): number => this.scale_fn(this.scale_mode === 'cycle' ? cycle : last_epoch);
    const rates = zip(this.base_lrs, this.max_lrs).map(([base, max]) =>
      plus(base, times(times(minus(max, base), height), scale())),
    );
    if (this.cycle_momentum) {
      const momentums = zip(this.base_momentums, this.max_momentums).map(
        ([base, max]) => max - (max - base) * height * scale(),
      );
      for (const [group, momentum] of zip(groupsOf(this.optimizer), momentums)) {
        setMomentum(group, momentum, this.use_beta1);
      }
    }
    return rates;
  }

  /** Of `scale_fn`, its own properties are saved: null if it has none. */
  override state_dict(): SchedulerState {
    const { _scale_fn_custom: custom, ...state } = super.state_dict();
    return { ...state, _scale_fn_custom: custom ? ownState(custom) : null };
  }

  override load_state_dict(state_dict: SchedulerState): void {
    checkState(state_dict);
    const { _scale_fn_custom: saved, ...state } = state_dict;
    super.load_state_dict(state);
    if (saved && this._scale_fn_custom) Object.assign(this._scale_fn_custom, saved);
  }
}

interface Scale {
  readonly mode: 'cycle' | 'iterations';
  scale(x: number, gamma: number): number;
}

const SCALES: Readonly<Record<string, Scale>> = {
  triangular: { mode: 'cycle', scale: () => 1 },
  triangular2: { mode: 'cycle', scale: (x) => 1 / pow(2, x - 1) },
  exp_range: { mode: 'iterations', scale: (x, gamma) => pow(gamma, x) },
};
