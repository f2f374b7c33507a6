/** Averages of a model's weights. Source: torch/optim/swa_utils.py. */
import { assertionError, valueError } from '../bindings/errors';
import { tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import {
  ANYTHING,
  BOOL,
  DEVICE,
  FLOAT,
  FUNCTION,
  INT,
  nullable,
  optional,
  required,
  Signature,
  STRING,
  typeOf,
} from '../dispatch/signature';
import { BatchNorm } from '../nn/modules/batchnorm';
import { MODULE, Module } from '../nn/modules/module';
import { op, withoutGrad } from '../nn/ops';
import { tensor } from '../tensor/creation';
import type { DeviceLike } from '../tensor/device';
import { int64 } from '../tensor/dtype';
import { asFloat, type Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { deepcopy } from '../utils/deepcopy';
import { floatRepr, repr } from '../utils/python';
import { cos } from '../utils/scalar_math';
import {
  type AnyOptimizer,
  checkOptimizer,
  groupsOf,
  RATES,
  type Rates,
  valueForEach,
} from './lr_scheduler/groups';
import { LRScheduler, type SchedulerOptions } from './lr_scheduler/scheduler';
import { minus, over, plus, type Value as Rate, times } from './values';

type Tensors = readonly Tensor[];

/** Returns the new average of one parameter. */
export type AvgFn = (averaged: Tensor, current: Tensor, num_averaged: Tensor | number) => Tensor;

/** Changes the averages of several parameters, which have one device and dtype. */
export type MultiAvgFn = (
  averaged: Tensors,
  current: Tensors,
  num_averaged: Tensor | number,
) => void;

const lerp_ = op<(self: Tensors, end: Tensors, weight: Scalar) => void>('_foreach_lerp_', [
  'Scalar',
]);
const difference = op<(self: Tensors, other: Tensors) => Tensor[]>('_foreach_sub', ['List']);
const addcdiv_ = op<(self: Tensors, tensor1: Tensors, tensor2: Tensors) => void>(
  '_foreach_addcdiv_',
  ['Scalar'],
);
const add_ = op<(self: Tensors, other: Tensors, options: { alpha: Scalar }) => void>(
  '_foreach_add_',
  ['List'],
);

const hasFractions = (value: Tensor | undefined): boolean =>
  value !== undefined && (value.dtype.is_floating_point || value.dtype.is_complex);

/** `count + 1` */
const next = (count: Tensor | number): Tensor | number =>
  typeof count === 'number' ? count + 1 : count.add(1);

/** `1 / count` */
const inverse = (count: Tensor | number): number =>
  typeof count === 'number' ? 1 / count : Number(count.reciprocal().item());

/** `decay * averaged + (1 - decay) * current` */
const decayed = (averaged: Tensor, current: Tensor, decay: number): Tensor =>
  averaged.mul(asFloat(decay)).add(current.mul(asFloat(1 - decay)));

const DECAY = { decay: optional(FLOAT, 0.999) };

function decayOf(signature: Signature<typeof DECAY>, args: readonly unknown[]): number {
  const { decay } = signature.read(args);
  if (decay >= 0 && decay <= 1) return decay;
  const got = floatRepr(decay);
  throw valueError(`Invalid decay value ${got} provided. Please provide a value in [0,1] range.`);
}

const GET_EMA_MULTI_AVG_FN = new Signature('get_ema_multi_avg_fn', DECAY);
const GET_EMA_AVG_FN = new Signature('get_ema_avg_fn', DECAY);

/**
 * Returns the function that moves all averages towards the parameters, for an exponential moving average.
 *
 * @param decay - how much of the average stays, from 0 to 1. Default: 0.999
 * @throws RangeError (ValueError) for another decay
 */
export function get_ema_multi_avg_fn(decay?: number | { decay?: number }): MultiAvgFn;
export function get_ema_multi_avg_fn(...args: unknown[]): MultiAvgFn {
  const decay = decayOf(GET_EMA_MULTI_AVG_FN, args);
  return (averaged, current) =>
    withoutGrad(() => {
      if (hasFractions(averaged[0])) {
        lerp_(averaged, current, asFloat(1 - decay));
        return;
      }
      for (const [index, average] of averaged.entries()) {
        average.copy_(decayed(average, current[index]!, decay));
      }
    });
}

/** Returns the function that adds the parameters to all averages, each counting equally. */
export function get_swa_multi_avg_fn(): MultiAvgFn {
  return (averaged, current, num_averaged) =>
    withoutGrad(() => {
      const count = next(num_averaged);
      if (hasFractions(averaged[0])) {
        lerp_(averaged, current, asFloat(inverse(count)));
        return;
      }
      const differences = difference(current, averaged);
      if (typeof count === 'number')
        add_(averaged, differences, { alpha: asFloat(inverse(count)) });
      else
        addcdiv_(
          averaged,
          differences,
          averaged.map(() => count),
        );
    });
}

/**
 * Returns the function that moves one average towards its parameter, for an exponential moving average.
 *
 * @param decay - how much of the average stays, from 0 to 1. Default: 0.999
 * @throws RangeError (ValueError) for another decay
 */
export function get_ema_avg_fn(decay?: number | { decay?: number }): AvgFn;
export function get_ema_avg_fn(...args: unknown[]): AvgFn {
  const decay = decayOf(GET_EMA_AVG_FN, args);
  return (averaged, current) => withoutGrad(() => decayed(averaged, current, decay));
}

/** Returns the function that adds a parameter to its average, each counting equally. */
export function get_swa_avg_fn(): AvgFn {
  return (averaged, current, num_averaged) =>
    withoutGrad(() => averaged.add(current.sub(averaged).div(next(num_averaged) as Tensor)));
}

const BATCHES = typeOf<AsyncIterable<Batch>>(
  'an iterable of batches',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value),
);

const AVERAGED_MODEL = new Signature('AveragedModel', {
  model: required(MODULE),
  device: nullable(DEVICE),
  avg_fn: nullable(FUNCTION),
  multi_avg_fn: nullable(FUNCTION),
  use_buffers: optional(BOOL, false),
});

export interface AveragedModelOptions {
  /** Where the average is kept. Default: null, where the model is. */
  device?: DeviceLike | null | undefined;
  /** Averages one parameter. Default: null, {@link get_swa_avg_fn}. */
  avg_fn?: AvgFn | null | undefined;
  /** Averages several parameters at once, in place of `avg_fn`. Default: null. */
  multi_avg_fn?: MultiAvgFn | null | undefined;
  /** Average buffers too. They are copied otherwise. Default: false. */
  use_buffers?: boolean | undefined;
}

/** The devices on which Python changes all averages at once. */
const FOREACH_DEVICES = ['cuda', 'xpu', 'mtia'];

/**
 * The average of a model's weights over a training: stochastic weight averaging, or an exponential moving average.
 *
 * ```ts
 * const { AveragedModel, get_ema_multi_avg_fn } = optim.swa_utils;
 * const average = new AveragedModel(model, { multi_avg_fn: get_ema_multi_avg_fn(0.999) });
 * // after each step
 * average.update_parameters(model);
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
 *
 * @throws TorchError (AssertionError) if both functions are given
 */
export class AveragedModel<Model extends Module = Module> extends Module<
  Parameters<Model['forward']>,
  ReturnType<Model['forward']>
> {
  static readonly signature = AVERAGED_MODEL.description;
  /** A deep copy of the model, with the averages as its parameters. */
  declare module: Model;
  /** The number of updates so far: a tensor with one integer. */
  declare n_averaged: Tensor;
  avg_fn: AvgFn | null;
  multi_avg_fn: MultiAvgFn | null;
  use_buffers: boolean;

  constructor(
    model: Model,
    device: DeviceLike | null,
    avg_fn?: AvgFn | null,
    multi_avg_fn?: MultiAvgFn | null,
    use_buffers?: boolean,
  );
  constructor(model: Model, options?: AveragedModelOptions);
  constructor(...args: unknown[]) {
    const { model, device, avg_fn, multi_avg_fn, use_buffers } = AVERAGED_MODEL.read(args);
    if (avg_fn !== null && multi_avg_fn !== null) {
      throw assertionError('Only one of avg_fn and multi_avg_fn should be provided');
    }
    super();
    const copy = deepcopy(model);
    this.register_module('module', device === null ? copy : copy.to(device));
    this.register_buffer('n_averaged', tensor(0, { dtype: int64, device }));
    this.avg_fn = avg_fn as AvgFn | null;
    this.multi_avg_fn = multi_avg_fn as MultiAvgFn | null;
    this.use_buffers = use_buffers;
  }

  override forward(...args: Parameters<Model['forward']>): ReturnType<Model['forward']> {
    return this.module(...args);
  }

  /** Takes the model's parameters into the average. The first time, they are copied. */
  update_parameters(model: Module): void {
    const { use_buffers } = this;
    const averaged = use_buffers ? membersOf(this.module) : [...this.parameters()];
    const given = use_buffers ? membersOf(model) : [...model.parameters()];
    const pairs = averaged
      .slice(0, given.length)
      .map((average, index): [Tensor, Tensor] => [
        average.detach(),
        given[index]!.detach().to(average.device),
      ]);
    if (Number(this.n_averaged.item()) === 0) {
      for (const [average, current] of pairs) average.copy_(current);
    } else {
      this._average(pairs);
    }
    if (!use_buffers) copyBuffers(model, this.module);
    this.n_averaged.add_(1);
  }

  /** @internal */
  _average(pairs: readonly [Tensor, Tensor][]): void {
    const { avg_fn, multi_avg_fn } = this;
    for (const group of multi_avg_fn || !avg_fn ? byKind(pairs) : [pairs]) {
      const { device } = group[0]![0];
      const isTogether = multi_avg_fn || (!avg_fn && FOREACH_DEVICES.includes(device.type));
      if (isTogether) {
        const averageAll = multi_avg_fn ?? get_swa_multi_avg_fn();
        const [averages, currents] = [group.map(([a]) => a), group.map(([, b]) => b)];
        averageAll(averages, currents, this.n_averaged.to(device));
        continue;
      }
      const averageOne = avg_fn ?? get_swa_avg_fn();
      for (const [average, current] of group) {
        average.copy_(averageOne(average, current, this.n_averaged.to(average.device)));
      }
    }
  }
}

const membersOf = (module: Module): Tensor[] => [...module.parameters(), ...module.buffers()];

/** Groups pairs by the device and dtype of their averages, in Python's order. */
function byKind(pairs: readonly [Tensor, Tensor][]): [Tensor, Tensor][][] {
  const callee = { name: 'update_parameters', parameters: [] };
  const handles = pairs.map(([average]) => tensorHandle(average, callee, 'model'));
  const groups = native.group_by_device_and_dtype(handles);
  return groups.map((indices) => indices.map((index) => pairs[index]!));
}

function copyBuffers(from: Module, into: Module): void {
  const [buffers, copies] = [[...from.buffers()], [...into.buffers()]];
  if (buffers.length !== copies.length) {
    const difference = buffers.length < copies.length ? 'shorter' : 'longer';
    throw valueError(`zip() argument 2 is ${difference} than argument 1`);
  }
  for (const [index, copy] of copies.entries()) {
    copy.detach().copy_(buffers[index]!.detach().to(copy.device));
  }
}

const UPDATE_BN = new Signature('update_bn', {
  loader: required(BATCHES),
  model: required(MODULE),
  device: nullable(DEVICE),
});

/** A batch: the model's input, or an array that begins with it. */
export type Batch = Tensor | readonly [input: Tensor, ...others: unknown[]];

/**
 * Computes the running means and variances of a model's batch normalizations anew, over the batches of a loader. It is
 * for an average of weights, whose statistics are those of no model that was trained.
 *
 * ```ts
 * await update_bn(loader, average);
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html
 *
 * @param device - where the batches are moved to. Default: null, they stay where they are
 */
export async function update_bn(
  loader: AsyncIterable<Batch> | Iterable<Batch>,
  model: Module,
  device?: DeviceLike | null | { device?: DeviceLike | null | undefined },
): Promise<void>;
export async function update_bn(...args: unknown[]): Promise<void> {
  const { loader, model, device } = UPDATE_BN.read(args);
  const layers = [...model.modules()].filter((module) => module instanceof BatchNorm);
  if (layers.length === 0) return;
  const momenta = layers.map(({ momentum }) => momentum);
  const wasTraining = model.training;
  model.train();
  for (const layer of layers) {
    layer.reset_running_stats();
    layer.momentum = null;
  }
  try {
    for await (const batch of loader) {
      const input = Array.isArray(batch) ? batch[0] : batch;
      withoutGrad(() => model(device === null ? input : input.to(device)));
    }
  } finally {
    for (const [index, layer] of layers.entries()) layer.momentum = momenta[index]!;
    model.train(wasTraining);
  }
}

const SWALR_SIGNATURE = new Signature('SWALR', {
  optimizer: required(ANYTHING),
  swa_lr: required(RATES),
  anneal_epochs: optional(FLOAT, 10),
  anneal_strategy: optional(STRING, 'cos'),
  last_epoch: optional(INT, -1),
});

export interface SWALROptions extends SchedulerOptions {
  /** The number of epochs until the rates are `swa_lr`. Default: 10. */
  anneal_epochs?: number | undefined;
  /** Default: `'cos'`. */
  anneal_strategy?: 'cos' | 'linear' | undefined;
}

/**
 * Moves the rates to `swa_lr` in some epochs, and keeps them there: for stochastic weight averaging.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
 *
 * @throws RangeError (ValueError) for an unknown strategy, and a number of epochs that is no integer from 0
 */
export class SWALR extends LRScheduler {
  static readonly signature = SWALR_SIGNATURE.description;
  declare anneal_epochs: number;
  declare _anneal_strategy: string;

  constructor(
    optimizer: AnyOptimizer,
    swa_lr: Rates,
    anneal_epochs: number,
    anneal_strategy?: 'cos' | 'linear',
    last_epoch?: number,
  );
  constructor(optimizer: AnyOptimizer, swa_lr: Rates, options?: SWALROptions);
  constructor(optimizer: AnyOptimizer, options: SWALROptions & { swa_lr: Rates });
  constructor(...args: unknown[]) {
    const values = SWALR_SIGNATURE.read(args);
    const { optimizer, anneal_epochs, anneal_strategy } = values;
    checkOptimizer(optimizer);
    const swa_lrs = valueForEach('swa_lr', optimizer, values.swa_lr);
    for (const [index, group] of groupsOf(optimizer).entries()) group['swa_lr'] = swa_lrs[index];
    if (anneal_strategy !== 'cos' && anneal_strategy !== 'linear') {
      throw valueError(
        `anneal_strategy must be one of 'cos' or 'linear', instead got ${anneal_strategy}`,
      );
    }
    if (!Number.isInteger(anneal_epochs) || anneal_epochs < 0) {
      const got = repr(anneal_epochs);
      throw valueError(`anneal_epochs must be equal or greater than 0, got ${got}`);
    }
    super(optimizer, values.last_epoch, { _anneal_strategy: anneal_strategy, anneal_epochs });
  }

  /** Returns how far the annealing is when a part of its epochs is over. @internal */
  _annealed(step: number): number {
    const part = Math.max(0, Math.min(1, step / Math.max(1, this.anneal_epochs)));
    return this._anneal_strategy === 'cos' ? (1 - cos(Math.PI * part)) / 2 : part;
  }

  override _rates(): Rate[] {
    const made = this._step_count - 1;
    const step = this.anneal_epochs === 0 ? Math.max(1, made) : made;
    const [before, now] = [this._annealed(step - 1), this._annealed(step)];
    return groupsOf(this.optimizer).map((group) => {
      const swa_lr = group['swa_lr'] as Rate;
      const initial =
        before === 1 ? swa_lr : over(minus(group.lr, times(swa_lr, before)), 1 - before);
      return plus(times(swa_lr, now), times(initial, 1 - now));
    });
  }
}
