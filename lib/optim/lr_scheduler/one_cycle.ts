/** The 1cycle policy. Source: torch/optim/lr_scheduler.py. */
import { valueError } from '../../bindings/errors';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  INT,
  NUMBER_OR_NUMBERS,
  nullable,
  optional,
  required,
  Signature,
  STRING,
} from '../../dispatch/signature';
import { floatRepr, repr } from '../../utils/python';
import { cos, divide } from '../../utils/scalar_math';
import { minus, over, plus, type Value as Rate, times } from '../values';
import {
  type AnyOptimizer,
  checkOptimizer,
  cycleMomentum,
  groupsOf,
  type Momentum,
  RATES,
  type Rates,
  setMomentum,
  valueForEach,
} from './groups';
import { LRScheduler, type SchedulerOptions } from './scheduler';

const ONE_CYCLE_LR = new Signature('OneCycleLR', {
  optimizer: required(ANYTHING),
  max_lr: required(RATES),
  total_steps: nullable(FLOAT),
  epochs: nullable(FLOAT),
  steps_per_epoch: nullable(FLOAT),
  pct_start: optional(FLOAT, 0.3),
  anneal_strategy: optional(STRING, 'cos'),
  cycle_momentum: optional(BOOL, true),
  base_momentum: optional(NUMBER_OR_NUMBERS, 0.85),
  max_momentum: optional(NUMBER_OR_NUMBERS, 0.95),
  div_factor: optional(FLOAT, 25),
  final_div_factor: optional(FLOAT, 1e4),
  three_phase: optional(BOOL, false),
  last_epoch: optional(INT, -1),
});

export type AnnealStrategy = 'cos' | 'linear';

export interface OneCycleLROptions extends SchedulerOptions {
  /** The number of steps in the cycle. Default: null, `epochs * steps_per_epoch`. */
  total_steps?: number | null | undefined;
  epochs?: number | null | undefined;
  steps_per_epoch?: number | null | undefined;
  /** The part of the cycle in which the rates rise, from 0 to 1. Default: 0.3. */
  pct_start?: number | undefined;
  /** Default: `'cos'`. */
  anneal_strategy?: AnnealStrategy | undefined;
  /** Whether the momentum goes the other way. Default: true. */
  cycle_momentum?: boolean | undefined;
  /** The lowest momentum, or one for each group. Default: 0.85. */
  base_momentum?: Momentum | undefined;
  /** The highest momentum, or one for each group. Default: 0.95. */
  max_momentum?: Momentum | undefined;
  /** The first rate is `max_lr / div_factor`. Default: 25. */
  div_factor?: number | undefined;
  /** The last rate is the first one divided by it. Default: 1e4. */
  final_div_factor?: number | undefined;
  /** Whether the rates fall to the first ones, then to the last ones. Default: false. */
  three_phase?: boolean | undefined;
}

type RateKey = 'initial_lr' | 'max_lr' | 'min_lr';
type MomentumKey = 'base_momentum' | 'max_momentum';

/** A part of the cycle. The keys are those of a parameter group. */
interface Phase {
  end_step: number;
  start_lr: RateKey;
  end_lr: RateKey;
  start_momentum: MomentumKey;
  end_momentum: MomentumKey;
}

/**
 * Raises the rates from `max_lr / div_factor` to `max_lr`, then lowers them to almost 0, and moves the momentum the
 * other way. Call `step` after each batch.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 *
 * @throws RangeError (ValueError) without a number of steps, for options out of range, for an optimizer without
 *   momentum unless `cycle_momentum` is false, and for a step after the last one
 */
export class OneCycleLR extends LRScheduler {
  static readonly signature = ONE_CYCLE_LR.description;
  declare total_steps: number;
  declare cycle_momentum: boolean;
  declare use_beta1: boolean;
  declare _schedule_phases: Phase[];
  declare _anneal_func_type: string;

  constructor(
    optimizer: AnyOptimizer,
    max_lr: Rates,
    total_steps: number | null,
    epochs?: number | null,
    steps_per_epoch?: number | null,
    pct_start?: number,
    anneal_strategy?: AnnealStrategy,
    cycle_momentum?: boolean,
    base_momentum?: Momentum,
    max_momentum?: Momentum,
    div_factor?: number,
    final_div_factor?: number,
    three_phase?: boolean,
    last_epoch?: number,
  );
  constructor(
    optimizer: AnyOptimizer,
    max_lr: Rates,
    total_steps: number,
    options: Omit<OneCycleLROptions, 'total_steps'>,
  );
  constructor(optimizer: AnyOptimizer, max_lr: Rates, options: OneCycleLROptions);
  constructor(optimizer: AnyOptimizer, options: OneCycleLROptions & { max_lr: Rates });
  constructor(...args: unknown[]) {
    const values = ONE_CYCLE_LR.read(args);
    const { optimizer, last_epoch, pct_start, anneal_strategy, cycle_momentum } = values;
    checkOptimizer(optimizer);
    const total_steps = totalSteps(values.total_steps, values.epochs, values.steps_per_epoch);
    if (!(pct_start >= 0 && pct_start <= 1)) {
      const got = floatRepr(pct_start);
      throw valueError(`Expected float between 0 and 1 pct_start, but got ${got}`);
    }
    if (anneal_strategy !== 'cos' && anneal_strategy !== 'linear') {
      throw valueError(
        `anneal_strategy must be one of 'cos' or 'linear', instead got ${anneal_strategy}`,
      );
    }
    const max_lrs = valueForEach('max_lr', optimizer, values.max_lr);
    if (last_epoch === -1) {
      for (const [index, group] of groupsOf(optimizer).entries()) {
        group.initial_lr = over(max_lrs[index]!, values.div_factor);
        group['max_lr'] = max_lrs[index];
        group['min_lr'] = over(group.initial_lr, values.final_div_factor);
      }
    }
    super(optimizer, last_epoch, {
      total_steps,
      _schedule_phases: phases(total_steps, pct_start, values.three_phase),
      _anneal_func_type: anneal_strategy,
      cycle_momentum,
      ...(cycle_momentum && { use_beta1: cycleMomentum(optimizer, values).use_beta1 }),
    });
  }

  /** Returns a value between two, of which a part is done. @internal */
  _anneal_func(start: Rate, end: Rate, done: number): Rate {
    if (this._anneal_func_type === 'linear') return plus(times(minus(end, start), done), start);
    return plus(times(over(minus(start, end), 2), cos(Math.PI * done) + 1), end);
  }

  override _rates(): Rate[] {
    const { last_epoch, total_steps } = this;
    if (last_epoch > total_steps) {
      throw valueError(
        `Tried to step ${last_epoch} times. The specified number of total steps is ${total_steps}`,
      );
    }
    const [phase, start] = phaseOf(last_epoch, this._schedule_phases);
    const done = divide(last_epoch - start, phase.end_step - start);
    return groupsOf(this.optimizer).map((group) => {
      const between = (from: RateKey | MomentumKey, to: RateKey | MomentumKey): Rate =>
        this._anneal_func(group[from] as Rate, group[to] as Rate, done);
      const rate = between(phase.start_lr, phase.end_lr);
      if (this.cycle_momentum) {
        const momentum = between(phase.start_momentum, phase.end_momentum);
        setMomentum(group, momentum as number, this.use_beta1);
      }
      return rate;
    });
  }
}

/** Returns the phase of a step, and the step at which it starts. */
function phaseOf(step: number, all: readonly Phase[]): [phase: Phase, start: number] {
  const found = all.findIndex(({ end_step }) => step <= end_step);
  const index = found < 0 ? all.length - 1 : found;
  return [all[index]!, all[index - 1]?.end_step ?? 0];
}

function totalSteps(
  total: number | null,
  epochs: number | null,
  steps_per_epoch: number | null,
): number {
  if (total !== null) return positive('total_steps', total);
  if (epochs === null || steps_per_epoch === null) {
    throw valueError('You must define either total_steps OR (epochs AND steps_per_epoch)');
  }
  return positive('epochs', epochs) * positive('steps_per_epoch', steps_per_epoch);
}

function positive(name: string, value: number): number {
  if (value > 0 && Number.isInteger(value)) return value;
  throw valueError(`Expected positive integer ${name}, but got ${repr(value)}`);
}

function phases(total_steps: number, pct_start: number, three_phase: boolean): Phase[] {
  const rise: Phase = {
    end_step: pct_start * total_steps - 1,
    start_lr: 'initial_lr',
    end_lr: 'max_lr',
    start_momentum: 'max_momentum',
    end_momentum: 'base_momentum',
  };
  const fall: Phase = {
    end_step: three_phase ? 2 * pct_start * total_steps - 2 : total_steps - 1,
    start_lr: 'max_lr',
    end_lr: three_phase ? 'initial_lr' : 'min_lr',
    start_momentum: 'base_momentum',
    end_momentum: 'max_momentum',
  };
  if (!three_phase) return [rise, fall];
  const end: Phase = {
    end_step: total_steps - 1,
    start_lr: 'initial_lr',
    end_lr: 'min_lr',
    start_momentum: 'max_momentum',
    end_momentum: 'max_momentum',
  };
  return [rise, fall, end];
}
