/**
 * The base of optimizers that keep, for each parameter, tensors of its shape and a count of its steps. Each is its
 * table of tensors and its formula, for one parameter and for many at once.
 */
import { assertionError, runtimeError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { part } from '../dispatch/replay';
import {
  ANYTHING,
  type Declared,
  required,
  Signature,
  type SignatureParameter,
} from '../dispatch/signature';
import { freeing } from '../memory/temporaries';
import { op } from '../nn/ops';
import { tensor } from '../tensor/creation';
import { get_default_dtype } from '../tensor/default_dtype';
import type { DType } from '../tensor/dtype';
import { float32, float64 } from '../tensor/dtype';
import { zeros, zeros_like } from '../tensor/factories';
import { preserve_format, sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { groupBy } from '../utils/groups';
import { repr } from '../utils/python';
import * as foreach from './foreach';
import { checkFusable, checkFused, prefersForeach, type Scaling, scalingOn } from './fused';
import type { ParametersOrGroups, ParamGroup } from './groups';
import { Optimizer } from './optimizer';
import type { Arguments, StepOptions } from './options';
import type { OptimizerState, ParameterState } from './state';
import { deviceAndDtype } from './updates';

/** A parameter, its gradient, the count of its steps, and what else the optimizer keeps of it. */
export type Row<Names extends string> = Record<'param' | 'grad' | 'step' | Names, Tensor>;

/** The same of several parameters of one device and dtype. */
export type Columns<Names extends string> = Record<'param' | 'grad' | 'step' | Names, Tensor[]>;

/** Options that only some optimizers have. */
interface Options extends StepOptions {
  capturable?: boolean;
  fused?: boolean | null;
}

/** What an optimizer's class declares. */
interface Definition<Group, Names extends string> {
  readonly signature: {
    readonly name: string;
    read(args: readonly unknown[]): { params: unknown };
  };
  /** Are called with the options, in Python's order. They may change an option's form. */
  readonly checks: readonly ((options: Group) => void)[];
  /** Returns how to make what is kept of a parameter, in the order of Python's state. */
  readonly tensors: (group: Group, defaults: Group) => Table<Names, Group>;
}

/** Makes what is kept of a parameter, at its first step. */
export type Make<Group> = (parameter: Tensor, group: Group) => Tensor;

/** How to make all that is kept of a parameter. */
export type Table<Names extends string, Group> = { step: Make<Group> } & {
  [Name in Names]?: Make<Group>;
};

const viewAsReal = op<(self: Tensor) => Tensor>('view_as_real');

/** The dtype of numbers that are kept as tensors. */
export const numberDtype = (fused?: boolean | null): DType =>
  !fused && get_default_dtype() === float64 ? float64 : float32;

/** Makes zeros of the parameter's shape. */
export const zerosLike: Make<unknown> = (parameter) =>
  zeros_like(parameter, { memory_format: preserve_format });

/** Makes the count of steps, on the CPU where nothing needs it on the device. */
export const counter: Make<Options> = (parameter, { capturable, fused }) =>
  zeros([], {
    dtype: numberDtype(fused),
    device: capturable || fused ? parameter.device : 'cpu',
  });

/** Returns the row with real tensors for complex ones. */
export function realRow<Names extends string>(row: Row<Names>): Row<Names> {
  if (!row.param.is_complex()) return row;
  return Object.fromEntries(
    Object.entries<Tensor>(row).map(([name, each]) => [name, real(each)]),
  ) as Row<Names>;
}

/** Returns the columns with real tensors for complex ones. */
export function realColumns<Names extends string>(columns: Columns<Names>): Columns<Names> {
  if (!columns.param[0]!.is_complex()) return columns;
  return Object.fromEntries(
    Object.entries<Tensor[]>(columns).map(([name, each]) => [name, each.map(real)]),
  ) as Columns<Names>;
}

const real = (tensor: Tensor): Tensor => (tensor.is_complex() ? viewAsReal(tensor) : tensor);

const CAPTURABLE_DEVICES = ['cuda', 'xpu', 'hpu', 'privateuseone'];

export abstract class ElementwiseOptimizer<
  Group extends StepOptions & object,
  Names extends string,
> extends Optimizer<Group> {
  /** The name in messages: that of the class whose formula it is. */
  protected readonly formula: string;
  readonly #tensors: Definition<Group, Names>['tensors'];
  /** What must be on the device with `capturable`, in Python's words for one parameter and for many. */
  protected readonly captured: readonly [one: string, many: string] = [
    'params and state_steps',
    'params and state_steps',
  ];
  /** Whether Python names XLA among the devices of `capturable`, for one parameter and for many. */
  protected readonly namesXla: readonly [one: boolean, many: boolean] = [true, false];

  protected constructor(
    { signature, checks, tensors }: Definition<Group, Names>,
    args: readonly unknown[],
  ) {
    const { params, ...rest } = signature.read(args);
    const defaults = rest as unknown as Group;
    for (const check of checks) check(defaults);
    super(params as ParametersOrGroups<Group>, defaults);
    this.formula = signature.name;
    this.#tensors = tensors;
    const { fused, foreach, differentiable } = defaults as Options;
    if (fused === undefined) return;
    checkFused({ fused, foreach, differentiable });
    this._step_supports_amp_scaling = !!fused;
  }

  /** Returns how to make what is kept of a parameter. */
  protected _tensors(group: Group): Table<Names, Group> {
    return this.#tensors(group, this.defaults);
  }

  // The base counts the step before each of these, and frees the tensors that they make after it.

  /** Steps one parameter: Python's `_single_tensor_*`. The gradient is that of what is minimized. */
  protected abstract _stepOne(row: Row<Names>, group: Group): void;

  /** Steps parameters of one device and dtype: Python's `_multi_tensor_*`. The gradients are the parameters' own. */
  protected abstract _stepMany(columns: Columns<Names>, group: Group): void;

  /** Steps parameters of one device and dtype in one kernel: Python's `_fused_*`. */
  protected _stepFused(_columns: Columns<Names>, _group: Group, _scaling: Scaling): void {
    throw runtimeError(`${this.formula} has no fused implementation`);
  }

  /** @throws TorchError for a gradient that the optimizer does not take */
  protected _checkGradient(gradient: Tensor): void {
    if (gradient.layout === sparse_coo) {
      throw runtimeError(`${this.formula} does not support sparse gradients`);
    }
  }

  protected override _step(group: ParamGroup<Group>): void {
    const { fused = null, foreach: many, differentiable } = group as Options;
    const rows = this.#rows(group);
    if (rows.length === 0) return;
    if (fused) {
      freeing(() => this.#stepFused(rows, group));
    } else if (many ?? (fused === null && this._prefersForeach(rows, group))) {
      if (differentiable) throw assertionError("_foreach ops don't support autograd");
      this.#checkCapturable(rows, group, 1);
      for (const columns of byDeviceAndDtype(rows)) {
        freeing(() => {
          foreach.add_(columns.step, 1);
          this._stepMany(columns, group);
        });
      }
    } else {
      this.#checkCapturable(rows, group, 0);
      for (const row of rows) {
        freeing(() => {
          row.step.add_(1);
          this._stepOne(group.maximize ? { ...row, grad: row.grad.neg() } : row, group);
        });
      }
    }
  }

  /** Whether to step all parameters at once if the user does not say. */
  protected _prefersForeach(rows: readonly Row<Names>[], { differentiable }: Group): boolean {
    return !differentiable && prefersForeach(rows.map(({ param }) => param));
  }

  #rows(group: ParamGroup<Group>): Row<Names>[] {
    const table = Object.entries<Make<Group>>(this._tensors(group) as never);
    const rows: Row<Names>[] = [];
    for (const param of group.params) {
      const { grad } = param;
      if (!grad) continue;
      this._checkGradient(grad);
      const state = this.stateOf(param);
      part(() => {
        if (Object.keys(state).length > 0) return;
        for (const [name, make] of table) state[name] = make(param, group);
      });
      const row: Record<string, unknown> = { param, grad };
      for (const [name] of table) row[name] = kept(state, name, this.formula);
      rows.push(row as Row<Names>);
    }
    return rows;
  }

  #stepFused(rows: readonly Row<Names>[], group: Group): void {
    if (group.differentiable) {
      throw runtimeError(`${this.formula} with fused=True does not support differentiable=True`);
    }
    for (const { param } of rows) checkFusable(param);
    for (const columns of byDeviceAndDtype(rows)) {
      const scaling = scalingOn(columns.param[0]!, this, this.formula);
      const steps = columns.step;
      foreach.add_(steps, 1);
      this._stepFused(columns, group, scaling);
      const { found_inf } = scaling;
      if (found_inf)
        foreach.sub_(
          steps,
          steps.map(() => found_inf),
        );
    }
  }

  #checkCapturable(rows: readonly Row<Names>[], group: Options, way: 0 | 1): void {
    if (!group.capturable) return;
    const devices = this.namesXla[way] ? [...CAPTURABLE_DEVICES, 'xla'] : CAPTURABLE_DEVICES;
    const isCapturable = (row: Row<Names>): boolean => {
      const { type } = row.param.device;
      const scalars = Object.values<Tensor>(row).filter(({ ndim }) => ndim === 0);
      return devices.includes(type) && scalars.every(({ device }) => device.type === type);
    };
    if (rows.every(isCapturable)) return;
    throw assertionError(
      `If capturable=True, ${this.captured[way]} must be on supported devices: [${devices.map(repr).join(', ')}].`,
    );
  }

  /** Takes numbers for what is kept as a tensor now, as older versions saved it. */
  override load_state_dict(state_dict: OptimizerState): void {
    super.load_state_dict(state_dict);
    for (const group of this.param_groups) {
      const { capturable, fused } = group as Options;
      for (const parameter of group.params) {
        const state = this.state.get(parameter) ?? {};
        for (const name of Object.keys(this._tensors(group))) {
          if (typeof state[name] !== 'number') continue;
          const device = capturable || fused ? parameter.device : 'cpu';
          state[name] = tensor(state[name], { dtype: numberDtype(fused), device });
        }
      }
    }
  }
}

function kept(state: ParameterState, name: string, formula: string): Tensor {
  const value = state[name];
  if (isTensor(value)) return value as Tensor;
  throw runtimeError(
    `${formula}: the state of a parameter has no tensor '${name}'. Set options that need it before the first step.`,
  );
}

/** Returns rows as columns, those of one device and dtype together. */
const byDeviceAndDtype = <Names extends string>(rows: readonly Row<Names>[]): Columns<Names>[] =>
  groupBy(rows, ({ param }) => deviceAndDtype(param)).map((group) => {
    const names = Object.keys(group[0]!) as (keyof Row<Names>)[];
    return Object.fromEntries(
      names.map((name) => [name, group.map((row) => row[name])]),
    ) as Columns<Names>;
  });

/** An optimizer's class without its formula. */
export type ElementwiseClass<
  Group extends StepOptions & object,
  Positional extends readonly (keyof Group)[],
  Names extends string,
> = { readonly signature: readonly SignatureParameter[] } & (abstract new (
  params: ParametersOrGroups<Group>,
  ...options: Arguments<Group, Positional>
) => ElementwiseOptimizer<Group, Names>);

/**
 * Makes the base class of an optimizer.
 *
 * @typeParam Positional - the names of the options that are also taken by position
 * @typeParam Names - the names of what is kept of a parameter, beside the count of steps
 * @param name - torch's name
 * @param declarations - the options, in Python's order
 */
export function elementwise<
  Group extends StepOptions & object,
  Positional extends readonly (keyof Group)[],
  Names extends string,
>(
  name: string,
  declarations: { readonly [Name in keyof Group]: Declared<Group[Name]> },
  checks: Definition<Group, Names>['checks'],
  tensors: Definition<Group, Names>['tensors'],
): ElementwiseClass<Group, Positional, Names> {
  const signature = new Signature(name, { params: required(ANYTHING), ...declarations });

  abstract class Base extends ElementwiseOptimizer<Group, Names> {
    static readonly signature = signature.description;

    constructor(...args: unknown[]) {
      super({ signature, checks, tensors }, args);
    }
  }
  return Base as unknown as ElementwiseClass<Group, Positional, Names>;
}
