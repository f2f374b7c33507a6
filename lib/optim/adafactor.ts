/** Adafactor. Source: torch/optim/_adafactor.py. */
import { runtimeError, valueError } from '../bindings/errors';
import { part } from '../dispatch/replay';
import { ANYTHING, FLOAT, optional, required, Signature, typeOf } from '../dispatch/signature';
import { freeing } from '../memory/temporaries';
import { power, vectorNorm } from '../nn/ops';
import { zeros, zeros_like } from '../tensor/factories';
import { preserve_format, sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { finfo } from '../tensor/type_info';
import { groupBy } from '../utils/groups';
import { floatRepr } from '../utils/python';
import { oneElement } from './checks';
import { counter } from './elementwise';
import * as foreach from './foreach';
import { shrinkage } from './formulas';
import type { ParametersOrGroups, ParamGroup } from './groups';
import { Optimizer } from './optimizer';
import { type Arguments, CHOICE, FLAG, type Given, VALUE } from './options';
import { deviceAndDtype } from './updates';
import { flat, isNumber, negated, numberOf, over, scalar, times, type Value } from './values';

/** The options of a group of parameters. */
export interface AdafactorGroup {
  /** The largest relative step size. Default: 1e-2. */
  lr: number | Tensor;
  /** The exponent by which less of the averages of squares changes. Default: -0.8. */
  beta2_decay: number;
  /** The least square of gradients (null: by dtype), and the least size of parameters. Default: [null, 1e-3]. */
  eps: readonly [number | null, number];
  /** The size above which steps are clipped. Default: 1. */
  d: number;
  /** The factor of decoupled weight decay. Default: 0. */
  weight_decay: number;
  /** Change all parameters at once. Default: null: no. */
  foreach: boolean | null;
  /** Go up instead of down. Default: false. */
  maximize: boolean;
}

export type AdafactorOptions = Given<AdafactorGroup>;

const EPS = typeOf<readonly [number | null, number]>(
  'an array of a number or null and a number',
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    (value[0] === null || typeof value[0] === 'number') &&
    typeof value[1] === 'number',
);

const SIGNATURE = new Signature('Adafactor', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 1e-2),
  beta2_decay: optional(FLOAT, -0.8),
  eps: optional<readonly [number | null, number]>(EPS, [null, 1e-3]),
  d: optional(FLOAT, 1),
  weight_decay: optional(FLOAT, 0),
  foreach: CHOICE,
  maximize: FLAG,
});

interface Item {
  param: Tensor;
  grad: Tensor;
  step: Tensor;
  row_var?: Tensor;
  col_var?: Tensor;
  variance?: Tensor;
}

/**
 * Adafactor: keeps the average squares of a matrix's gradients as one row and one column.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Adafactor.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Adafactor extends Optimizer<AdafactorGroup> {
  static readonly signature = SIGNATURE.description;

  constructor(
    params: ParametersOrGroups<AdafactorGroup>,
    ...options: Arguments<AdafactorGroup, ['lr', 'beta2_decay', 'eps', 'd', 'weight_decay']>
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    const { lr, beta2_decay, eps, d, weight_decay } = defaults;
    oneElement('lr', lr);
    check('Learning rate', '>= 0', numberOf(lr), numberOf(lr) >= 0);
    check('beta2_decay', '<= 0', beta2_decay, beta2_decay <= 0);
    if (eps[0] !== null) check('epsilon1', '>= 0', eps[0], eps[0] >= 0);
    check('epsilon2', '>= 0', eps[1], eps[1] >= 0);
    check('Clipping threshold d', '>= 1', d, d >= 1);
    check('weight_decay', '>= 0', weight_decay, weight_decay >= 0);
    super(params as ParametersOrGroups<AdafactorGroup>, defaults);
  }

  protected override _isInt(): boolean {
    return false;
  }

  protected override _step(group: ParamGroup<AdafactorGroup>): void {
    const items = group.params.flatMap((param) => this.#item(param));
    if (items.length === 0) return;
    // Python takes the first parameter's for all that follow.
    const eps1 = group.eps[0] ?? finfo(items[0]!.param.dtype).eps;
    if (!group.foreach) {
      for (const item of items) freeing(() => _stepOne(item, eps1, group));
      return;
    }
    // Matrices are apart from vectors.
    const kindOf = ({ param, grad }: Item): string => `${deviceAndDtype(param)} ${grad.ndim > 1}`;
    for (const alike of groupBy(items, kindOf)) freeing(() => _stepMany(alike, eps1, group));
  }

  #item(param: Tensor): Item[] {
    const { grad } = param;
    if (!grad) return [];
    if (param.is_complex()) throw runtimeError('Adafactor does not support complex parameters');
    if (grad.layout === sparse_coo) {
      throw runtimeError('Adafactor does not support sparse gradients');
    }
    const state = this.stateOf(param);
    part(() => {
      if (Object.keys(state).length > 0) return;
      state['step'] = counter(param, group0);
      if (grad.ndim > 1) {
        const { shape, dtype, device } = grad;
        state['row_var'] = zeros([...shape.slice(0, -1), 1], { dtype, device });
        const colShape = [...shape.slice(0, -2), 1, shape[shape.length - 1]!];
        state['col_var'] = zeros(colShape, { dtype, device });
      } else {
        state['variance'] = zeros_like(grad, { memory_format: preserve_format });
      }
    });
    return [{ param, grad, ...(state as unknown as Pick<Item, 'step'>) }];
  }
}

/** The count of steps stays on the CPU. */
const group0 = { maximize: false, foreach: null, differentiable: false };

function check(what: string, bound: string, value: number, isRight: boolean): void {
  if (isRight) return;
  throw valueError(`${what} should be ${bound} but is: ${floatRepr(value)}`);
}

const normOf = (tensor: Tensor): number => Number(vectorNorm(tensor, 2).item());

/** Returns the step size: relative to the parameter's size. */
function sizeOf(param: Tensor, step: number, { lr, eps }: AdafactorGroup): Value {
  const most = 1 / power(step, 0.5);
  const rate = flat(lr);
  const relative = numberOf(rate) <= most ? rate : most;
  return times(Math.max(eps[1], normOf(param) / power(param.numel(), 0.5)), relative);
}

/** Returns by how much an update is too large. */
const excess = (update: Tensor, d: number): number =>
  Math.max(1, normOf(update) / (power(update.numel(), 0.5) * d));

function _stepOne(item: Item, eps1: number, group: AdafactorGroup): void {
  const { param, step, row_var, col_var, variance } = item;
  const grad = group.maximize ? item.grad.neg() : item.grad;
  const count = numberOf(step.add_(1));
  const weight = power(count, group.beta2_decay);
  const size = sizeOf(param, count, group);
  if (group.weight_decay !== 0) {
    param.mul_(scalar(shrinkage(flat(group.lr), group.weight_decay)));
  }
  let estimate: Tensor;
  if (row_var && col_var) {
    row_var.lerp_(meanSquare(grad, -1), weight);
    col_var.lerp_(meanSquare(grad, -2), weight);
    estimate = row_var.matmul(col_var);
    estimate.div_(row_var.mean(-2, true).clamp_({ min: eps1 }));
  } else {
    variance!.lerp_(grad.mul(grad), weight);
    estimate = variance!.clone();
  }
  const update = estimate.clamp_({ min: eps1 * eps1 }).rsqrt_();
  update.mul_(grad);
  param.add_(update, { alpha: scalar(over(negated(size), excess(update, group.d))) });
}

const meanSquare = (grad: Tensor, dim: number): Tensor =>
  vectorNorm(grad, 2, [dim], true).square_().div_(grad.shape.at(dim)!);

function _stepMany(items: readonly Item[], eps1: number, group: AdafactorGroup): void {
  const column = (name: keyof Item): Tensor[] => items.map((item) => item[name]!);
  const [params, steps] = [column('param'), column('step')];
  const grads = group.maximize ? foreach.neg(column('grad')) : column('grad');
  foreach.add_(steps, 1);
  const counts = steps.map(numberOf);
  const weights = counts.map((count) => power(count, group.beta2_decay));
  const sizes = params.map((param, index) => sizeOf(param, counts[index]!, group));
  if (group.weight_decay !== 0) {
    foreach.mul_(params, shrinkage(flat(group.lr), group.weight_decay));
  }
  let updates: Tensor[];
  if (items[0]!.row_var) {
    const [rows, cols] = [column('row_var'), column('col_var')];
    foreach.lerp_(rows, meanSquares(grads, -1), weights);
    foreach.lerp_(cols, meanSquares(grads, -2), weights);
    updates = rows.map((row, index) => row.matmul(cols[index]!));
    const means = rows.map((row) => row.mean(-2, true));
    foreach.clamp_min_(means, eps1);
    foreach.div_(updates, means);
  } else {
    const variances = column('variance');
    foreach.lerp_(variances, foreach.mul(grads, grads), weights);
    updates = variances.map((variance) => variance.clone());
  }
  foreach.clamp_min_(updates, eps1 * eps1);
  foreach.rsqrt_(updates);
  foreach.mul_(updates, grads);
  const factors = updates.map((update, index) =>
    over(negated(sizes[index]!), excess(update, group.d)),
  );
  if (factors.every(isNumber)) foreach.mul_(updates, factors);
  else for (const [index, update] of updates.entries()) update.mul_(scalar(factors[index]!));
  foreach.add_(params, updates);
}

function meanSquares(grads: readonly Tensor[], dim: number): Tensor[] {
  const means = grads.map((grad) => vectorNorm(grad, 2, [dim], true));
  foreach.mul_(means, means);
  foreach.div_(
    means,
    grads.map(({ shape }) => shape.at(dim)!),
  );
  return means;
}
