/** Schedulers made of schedulers. Source: torch/optim/lr_scheduler.py. */
import { typeError, valueError } from '../../bindings/errors';
import {
  ANYTHING,
  INT,
  INTS,
  optional,
  required,
  Signature,
  typeOf,
} from '../../dispatch/signature';
import { usesState } from '../../memory/state';
import { typename } from '../../nn/typename';
import { type AnyOptimizer, groupsOf, setValue, valuesOf } from './groups';
import { ReduceLROnPlateau } from './plateau';
import { checkState, LRScheduler, type SchedulerOptions, type SchedulerState } from './scheduler';

/** A scheduler whose `step` needs no arguments. */
// biome-ignore lint/suspicious/noExplicitAny: what a scheduler may take besides
export type Steppable = LRScheduler<[]> | LRScheduler<any>;

const LIST = typeOf<readonly Steppable[]>('an array of schedulers', Array.isArray);

/** What {@link SequentialLR} and {@link ChainedScheduler} share. */
abstract class Composition extends LRScheduler<[]> {
  declare _schedulers: LRScheduler[];

  /** Saves the schedulers' states too. */
  override state_dict(): SchedulerState {
    const { _schedulers: _, ...state } = super.state_dict();
    return { ...state, _schedulers: this._schedulers.map((scheduler) => scheduler.state_dict()) };
  }

  override load_state_dict(state_dict: SchedulerState): void {
    checkState(state_dict);
    const { _schedulers: saved, ...state } = state_dict;
    super.load_state_dict(state);
    for (const [index, one] of (saved as SchedulerState[]).entries()) {
      this._schedulers[index]!.load_state_dict(one);
    }
  }
}

function checkSchedulers(name: string, schedulers: readonly unknown[], optimizer: unknown): void {
  for (const [index, scheduler] of schedulers.entries()) {
    const owner = (scheduler as { optimizer?: unknown } | null | undefined)?.optimizer;
    if (owner === undefined) {
      throw typeError(`${name} at index ${index} should have \`optimizer\` as its attribute.`);
    }
    if (scheduler instanceof ReduceLROnPlateau) {
      throw valueError(
        `${name} does not support \`ReduceLROnPlateau\` scheduler as it requires additional kwargs to be specified ` +
          `when calling \`step\`, but got one at index ${index} in the given schedulers sequence.`,
      );
    }
    if (owner !== optimizer) {
      throw valueError(
        `${name} expects all schedulers to belong to the same optimizer, but got scheduler ${typename(scheduler)} ` +
          `at index ${index} has ${owner}, which is different from ${typename(optimizer)}.`,
      );
    }
  }
}

const SEQUENTIAL_LR = new Signature('SequentialLR', {
  optimizer: required(ANYTHING),
  schedulers: required(LIST),
  milestones: required(INTS),
  last_epoch: optional(INT, -1),
});

/**
 * Uses one scheduler after the other. The next one starts at its milestone.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 *
 * @throws RangeError (ValueError) for schedulers of another optimizer, for a {@link ReduceLROnPlateau}, and unless there
 *   is one milestone less than schedulers
 */
export class SequentialLR extends Composition {
  static readonly signature = SEQUENTIAL_LR.description;
  declare _milestones: number[];

  constructor(
    optimizer: AnyOptimizer,
    schedulers: readonly Steppable[],
    milestones: readonly number[],
    last_epoch?: number | SchedulerOptions,
  );
  constructor(
    optimizer: AnyOptimizer,
    options: SchedulerOptions & {
      schedulers: readonly Steppable[];
      milestones: readonly number[];
    },
  );
  constructor(...args: unknown[]) {
    const { optimizer, schedulers, milestones, last_epoch } = SEQUENTIAL_LR.read(args);
    const { name } = new.target;
    if (schedulers.length < 1) {
      throw valueError(`${name} expects at least one scheduler, but got no scheduler.`);
    }
    checkSchedulers(name, schedulers, optimizer);
    if (milestones.length !== schedulers.length - 1) {
      throw valueError(
        'Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone ' +
          `points, but got number of schedulers ${schedulers.length} and the number of milestones to be equal to ` +
          `${milestones.length}`,
      );
    }
    super(optimizer as AnyOptimizer, last_epoch, {
      _schedulers: [...schedulers],
      _milestones: [...milestones],
    });
  }

  override _initialize(last_epoch: number): void {
    this.last_epoch = last_epoch + 1;
    for (const group of groupsOf(this.optimizer)) setValue(group, 'lr', group.initial_lr);
    this.recursive_undo();
    const first = this._current(0);
    first._initial_step();
    this._last_lr = first.get_last_lr();
  }

  /** Takes back the first step that each scheduler made when it was constructed. */
  recursive_undo(sched: LRScheduler<never> | null = null): void {
    const { _schedulers } = (sched ?? this) as unknown as { _schedulers?: LRScheduler<never>[] };
    if (_schedulers) for (const scheduler of _schedulers) this.recursive_undo(scheduler);
    else if (sched) sched.last_epoch -= 1;
  }

  /** The scheduler of an epoch. @internal */
  _current(epoch: number): LRScheduler {
    return this._schedulers[this._milestones.filter((milestone) => milestone <= epoch).length]!;
  }

  /** Makes a step of the scheduler whose turn it is. */
  override step(): void {
    usesState(this);
    this.last_epoch += 1;
    const scheduler = this._current(this.last_epoch);
    if (this._milestones.includes(this.last_epoch)) scheduler._update_lr(0);
    else scheduler.step();
    this._last_lr = scheduler.get_last_lr();
  }
}

const CHAINED_SCHEDULER = new Signature('ChainedScheduler', {
  schedulers: required(LIST),
  optimizer: optional<unknown>(ANYTHING, null),
});

/**
 * Uses several schedulers at once: each changes the rates that the one before has set.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
 *
 * @throws RangeError (ValueError) for schedulers of another optimizer, and for a {@link ReduceLROnPlateau}
 */
export class ChainedScheduler extends Composition {
  static readonly signature = CHAINED_SCHEDULER.description;

  constructor(
    schedulers: readonly Steppable[],
    optimizer?: AnyOptimizer | null | { optimizer?: AnyOptimizer | null },
  );
  constructor(...args: unknown[]) {
    const { schedulers, optimizer: given } = CHAINED_SCHEDULER.read(args);
    const { name } = new.target;
    if (schedulers.length < 1) {
      throw valueError(
        `${name} expects at least one scheduler to be chained, but got no scheduler.`,
      );
    }
    const optimizer = given ?? schedulers[0]?.optimizer;
    checkSchedulers(name, schedulers, optimizer);
    super(optimizer as AnyOptimizer, -1, { _schedulers: [...schedulers] });
  }

  override _initialize(): void {
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }

  /** Makes a step of each scheduler. */
  override step(): void {
    usesState(this);
    for (const scheduler of this._schedulers) scheduler.step();
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }
}
