/** The base of learning rate schedulers. Source: torch/optim/lr_scheduler.py. */
import { createError, notImplementedError, typeError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import { describe, isOptions } from '../../dispatch/arguments';
import {
  ANYTHING,
  type Declarations,
  FLOAT,
  INT,
  mismatch,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  type SignatureParameter,
  type ValuesOf,
} from '../../dispatch/signature';
import { keptState, type StateKeeper, usesState } from '../../memory/state';
import type { Value as Rate } from '../values';
import { type AnyOptimizer, checkOptimizer, groupsOf, setValue, valuesOf, zip } from './groups';

/** A scheduler's state: plain data, with Python's names. */
export type SchedulerState = Record<string, unknown>;

const STEP = new Signature('LRScheduler.step', {
  epoch: nullable(FLOAT),
});

/**
 * The base class of learning rate schedulers, for your own too.
 *
 * A subclass defines `get_lr`, which returns the next rate of each parameter group. The constructor makes the first step,
 * so what `get_lr` reads must be there before: give it as `attributes`.
 *
 * ```ts
 * class Halving extends optim.lr_scheduler.LRScheduler {
 *   declare every: number;
 *   constructor(optimizer: optim.Optimizer<object>, every: number) {
 *     super(optimizer, -1, { every });
 *   }
 *   override get_lr() {
 *     const halvings = Math.floor(this.last_epoch / this.every);
 *     return this.base_lrs.map((lr) => Number(lr) / 2 ** halvings);
 *   }
 * }
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
 *
 * @typeParam Args - what `step` takes
 */
export class LRScheduler<Args extends readonly unknown[] = [epoch?: number | null]>
  implements StateKeeper
{
  /** The optimizer whose learning rates are set. */
  declare optimizer: AnyOptimizer;
  /** The rates that the groups had at first. */
  declare base_lrs: Rate[];
  /** The number of steps so far. */
  declare last_epoch: number;
  declare _step_count: number;
  declare _last_lr: Rate[];
  declare _is_initial: boolean;
  declare _get_lr_called_within_step: boolean;

  /**
   * @param last_epoch - the index of the last epoch when training is resumed. Default: -1, a new start
   * @param attributes - properties that are set before the first step. They are part of `state_dict`.
   * @throws TorchError (KeyError) if `last_epoch` is given and a group has no `initial_lr`
   */
  constructor(optimizer: AnyOptimizer, last_epoch = -1, attributes: object = {}) {
    checkOptimizer(optimizer);
    if (!INT.accepts(last_epoch)) throw mismatch(CALLEE, 'last_epoch', INT.expected, last_epoch);
    usesState(this);
    Object.assign(this, attributes);
    this.optimizer = optimizer;
    this._initialize(last_epoch);
  }

  /** Sets the initial rates, and makes the first step. @internal */
  _initialize(last_epoch: number): void {
    for (const [index, group] of groupsOf(this.optimizer).entries()) {
      if (last_epoch === -1) {
        if (!('initial_lr' in group)) {
          const { lr } = group as { lr: Rate };
          (group as { initial_lr: Rate }).initial_lr = typeof lr === 'number' ? lr : lr.clone();
        }
      } else if (!('initial_lr' in group)) {
        throw createError('KeyError', noInitialRate(index));
      }
    }
    this.base_lrs = valuesOf(this.optimizer, 'initial_lr');
    this.last_epoch = last_epoch;
    watchSteps(this.optimizer);
    this._initial_step();
  }

  /** @internal */
  _initial_step(): void {
    this._step_count = 0;
    this._is_initial = true;
    try {
      (this as unknown as LRScheduler).step();
    } finally {
      this._is_initial = false;
    }
  }

  /** Everything but the optimizer, as plain data. */
  state_dict(): SchedulerState {
    const { optimizer: _, ...state } = this;
    return state as unknown as SchedulerState;
  }

  /** Takes what {@link LRScheduler.state_dict} gave. */
  load_state_dict(state_dict: SchedulerState): void {
    checkState(state_dict);
    usesState(this);
    Object.assign(this, state_dict);
  }

  /** The rates of the groups after the last step. Tensors are copies. */
  get_last_lr(): Rate[] {
    return this._last_lr;
  }

  /** Computes the next rate of each group. It is called by {@link step}; what was set last is {@link get_last_lr}. */
  get_lr(): Rate[] {
    if (!this._rates) throw notImplementedError('');
    if (!this._get_lr_called_within_step) warn(GET_LR);
    return this._rates();
  }

  /** Computes the next rates: what the schedulers of this package define. @internal */
  _rates?(): Rate[];

  /** Computes the rates of `last_epoch` without regard to the rates before. @internal */
  _get_closed_form_lr?(): Rate[];

  /**
   * Sets the next rates. Call it after the optimizer's `step`.
   *
   * @param args - `epoch`, which is deprecated: the epoch to go to
   */
  step(...args: Args): void {
    const { epoch } = STEP.read(args);
    usesState(this);
    if (this._step_count === 1) this.#warnOfOrder();
    this._step_count += 1;
    if (epoch !== null) warn(EPOCH_DEPRECATION_WARNING);
    this._update_lr(epoch);
  }

  #warnOfOrder(): void {
    if (!watching.has(this.optimizer.step)) warn(OVERRIDDEN);
    else if (!stepped.has(this.optimizer)) warn(WRONG_ORDER);
  }

  /** @internal */
  _update_lr(epoch: number | null = null): void {
    const rates = this._within_step(() => {
      this.last_epoch = epoch ?? this.last_epoch + 1;
      const closed = epoch === null ? undefined : this._get_closed_form_lr;
      return closed ? closed.call(this) : this.get_lr();
    });
    this._set_rates(rates);
  }

  /** Runs a function in which `get_lr` may be called. @internal */
  _within_step<T>(body: () => T): T {
    this._get_lr_called_within_step = true;
    try {
      return body();
    } finally {
      this._get_lr_called_within_step = false;
    }
  }

  /** @internal */
  _set_rates(rates: readonly Rate[]): void {
    for (const [group, rate] of zip(groupsOf(this.optimizer), rates)) setValue(group, 'lr', rate);
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }

  /** The current rates of the groups, for a step that changes nothing. @internal */
  _unchanged(): Rate[] {
    return valuesOf(this.optimizer, 'lr');
  }

  /** @internal */
  [keptState](): readonly unknown[] {
    return Object.values(this);
  }
}

/** What every scheduler takes. */
export interface SchedulerOptions {
  /** The index of the last epoch when training is resumed. Default: -1. */
  last_epoch?: number | undefined;
}

/** The arguments of a scheduler's constructor. The required ones are given by position, or all by name. */
export type SchedulerArguments<
  Required extends readonly unknown[],
  Names extends readonly (keyof Options)[],
  Options extends SchedulerOptions,
  ByName = never,
> =
  | Positional<
      [optimizer: AnyOptimizer, ...Required],
      [...Names, last_epoch: 'last_epoch'],
      Options
    >
  | [optimizer: AnyOptimizer, options: Options & ByName];

/** A class of schedulers without the computation of its rates. */
export interface SchedulerClass<Args extends readonly unknown[], Attributes> {
  new (...args: Args): LRScheduler & Attributes;
  readonly signature: readonly SignatureParameter[];
}

interface Common {
  optimizer: AnyOptimizer;
  last_epoch: number;
}

/**
 * Makes the base class of a scheduler, which has the values of its options as attributes.
 *
 * @param name - torch's, for messages
 * @param options - the parameters between `optimizer` and `last_epoch`
 * @param attributesOf - checks the values, and returns other attributes
 */
export function scheduler<
  Args extends readonly unknown[],
  D extends Declarations,
  Attributes = ValuesOf<D>,
>(
  name: string,
  options: D,
  attributesOf: (values: ValuesOf<D>, last_epoch: number) => Attributes = (values) =>
    values as never,
): SchedulerClass<Args, Attributes> {
  const signature = new Signature(name, {
    optimizer: required(ANYTHING),
    ...options,
    last_epoch: optional(INT, -1),
  });

  class Scheduler extends LRScheduler {
    static readonly signature = signature.description;

    constructor(...args: unknown[]) {
      const { optimizer, last_epoch, ...values } = signature.read(args) as ValuesOf<D> & Common;
      super(optimizer, last_epoch, attributesOf(values as never, last_epoch) as object);
    }
  }
  return Scheduler as unknown as SchedulerClass<Args, Attributes>;
}

/** @throws TypeError for anything but plain data */
export function checkState(state_dict: unknown): asserts state_dict is SchedulerState {
  if (isOptions(state_dict)) return;
  throw typeError(
    `load_state_dict(): argument 'state_dict' must be what state_dict() gave, got ${describe(state_dict)}`,
  );
}

const CALLEE = { name: 'LRScheduler', parameters: [] };

/** Optimizers whose `step` was called since it is watched. */
const stepped = new WeakSet<AnyOptimizer>();
/** The functions that note the calls of `step`. */
const watching = new WeakSet<object>();

/** Notes when an optimizer's `step` is called, to warn of steps in the wrong order. */
function watchSteps(optimizer: AnyOptimizer): void {
  if (watching.has(optimizer.step)) return;
  const owner = optimizer as unknown as Record<string, unknown>;
  for (const name of ['step', 'stepAsync']) {
    const step = owner[name];
    if (typeof step !== 'function') continue;
    const watched = (...args: unknown[]): unknown => {
      stepped.add(optimizer);
      return step.apply(optimizer, args);
    };
    watching.add(watched);
    Object.defineProperty(optimizer, name, { value: watched, configurable: true, writable: true });
  }
}

export const EPOCH_DEPRECATION_WARNING =
  'The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use ' +
  '`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed form ' +
  'is used instead of the new chainable form, where available. Please open an issue if you are unable to replicate ' +
  'your use case: https://github.com/pytorch/pytorch/issues/new/choose.';

const SEE =
  'See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate';

const OVERRIDDEN =
  'Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. Please, make sure ' +
  `to call \`optimizer.step()\` before \`lr_scheduler.step()\`. ${SEE}`;

const WRONG_ORDER =
  'Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call them ' +
  'in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in PyTorch ' +
  `skipping the first value of the learning rate schedule. ${SEE}`;

const GET_LR =
  'To get the last learning rate computed by the scheduler, please use `get_last_lr()`.';

const noInitialRate = (index: number): string =>
  `param 'initial_lr' is not specified in param_groups[${index}] when resuming scheduler with last_epoch >= 0.\n` +
  'This typically happens when:\n' +
  "1. You're trying to resume training from a checkpoint but haven't properly loaded the optimizer state\n" +
  "2. You're using last_epoch >= 0 for a fresh training run (not recommended)";
