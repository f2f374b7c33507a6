/**
 * The base of optimizers that keep, for each parameter, tensors of its shape and a count of its steps. Each is its
 * table of tensors and its formula, for one parameter and for many at once.
 */
import { assertionError, runtimeError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { op } from '../nn/ops';
import { get_default_dtype, tensor } from '../tensor/creation';
import type { DType } from '../tensor/dtype';
import { float32, float64 } from '../tensor/dtype';
import { zeros, zeros_like } from '../tensor/factories';
import { preserve_format, sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { repr } from '../utils/python';
import * as foreach from './foreach';
import { checkFusable, prefersForeach, type Scaling, scalingOn } from './fused';
import { Optimizer, type OptimizerState, type ParameterState, type ParamGroup } from './optimizer';
import type { StepOptions } from './options';

/** A parameter, its gradient, and what the optimizer keeps of it. */
export type Row<Names extends string> = Record<'param' | 'grad' | Names, Tensor>;

/** The same of several parameters of one device and dtype. */
export type Columns<Names extends string> = Record<'param' | 'grad' | Names, Tensor[]>;

/** Options that only some optimizers have. */
interface Options extends StepOptions {
  capturable?: boolean;
  fused?: boolean | null;
}

/** Makes what is kept of a parameter, at its first step. */
export type Make<Group> = (parameter: Tensor, group: Group) => Tensor;

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
  protected abstract readonly formula: string;
  /** What must be on the device with `capturable`, in Python's words for one parameter and for many. */
  protected readonly captured: readonly [one: string, many: string] = [
    'params and state_steps',
    'params and state_steps',
  ];
  /** Whether Python names XLA among the devices of `capturable`, for one parameter and for many. */
  protected readonly namesXla: readonly [one: boolean, many: boolean] = [true, false];

  /** Returns how to make what is kept of a parameter, in the order of Python's state. */
  protected abstract _tensors(group: Group): Partial<Record<Names, Make<Group>>>;

  /** Steps one parameter: Python's `_single_tensor_*`. */
  protected abstract _stepOne(row: Row<Names>, group: Group): void;

  /** Steps parameters of one device and dtype: Python's `_multi_tensor_*`. */
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
    const { fused = null, foreach, differentiable } = group as Options;
    const rows = this.#rows(group);
    if (rows.length === 0) return;
    if (fused) {
      this.#stepFused(rows, group);
    } else if (foreach ?? (fused === null && this._prefersForeach(rows, group))) {
      if (differentiable) throw assertionError("_foreach ops don't support autograd");
      this.#checkCapturable(rows, group, 1);
      for (const columns of byDeviceAndDtype(rows)) this._stepMany(columns, group);
    } else {
      this.#checkCapturable(rows, group, 0);
      for (const row of rows) this._stepOne(row, group);
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
      if (Object.keys(state).length === 0) {
        for (const [name, make] of table) state[name] = make(param, group);
      }
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
      const steps = (columns as Columns<string>)['step']!;
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
function byDeviceAndDtype<Names extends string>(rows: readonly Row<Names>[]): Columns<Names>[] {
  const groups = new Map<string, Record<string, Tensor[]>>();
  for (const row of rows) {
    const { device, dtype } = row.param;
    const key = `${device} ${dtype}`;
    let columns = groups.get(key);
    if (!columns) {
      columns = Object.fromEntries(Object.keys(row).map((name) => [name, []]));
      groups.set(key, columns);
    }
    for (const [name, each] of Object.entries<Tensor>(row)) columns[name]!.push(each);
  }
  return [...groups.values()] as Columns<Names>[];
}
