/** Rprop. Source: torch/optim/rprop.py. */
import { valueError } from '../bindings/errors';
import { ANYTHING, optional, required, Signature } from '../dispatch/signature';
import { where } from '../nn/ops';
import { full_like } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import { floatRepr } from '../utils/python';
import {
  type Columns,
  counter,
  ElementwiseOptimizer,
  type Make,
  type Row,
  realColumns,
  realRow,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { descent } from './formulas';
import type { ParametersOrGroups } from './optimizer';
import {
  type Arguments,
  type CapturableOptions,
  CHOICE,
  checkRate,
  FLAG,
  type Given,
  PAIR,
  type Pair,
  VALUE,
} from './options';
import { numberOf, type Value } from './values';

/** The options of a group of parameters. */
export interface RpropGroup extends CapturableOptions {
  /** The first size of steps. Default: 1e-2. */
  lr: number | Tensor;
  /** The factors by which step sizes fall and grow. Default: [0.5, 1.2]. */
  etas: Pair;
  /** The least and the largest step size. Default: [1e-6, 50]. */
  step_sizes: Pair;
}

export type RpropOptions = Given<RpropGroup>;

type Names = 'step' | 'prev' | 'step_size';

const SIGNATURE = new Signature('Rprop', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 1e-2),
  etas: optional<Pair>(PAIR, [0.5, 1.2]),
  step_sizes: optional<Pair>(PAIR, [1e-6, 50]),
  capturable: FLAG,
  foreach: CHOICE,
  maximize: FLAG,
  differentiable: FLAG,
});

/**
 * Rprop: steps by the sign of the gradient, with a step size of its own for each element.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Rprop extends ElementwiseOptimizer<RpropGroup, Names> {
  static readonly signature = SIGNATURE.description;
  protected readonly formula = 'Rprop';
  protected override readonly namesXla = [true, true] as const;

  constructor(
    params: ParametersOrGroups<RpropGroup>,
    ...options: Arguments<RpropGroup, ['lr', 'etas', 'step_sizes']>
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    checkRate(defaults.lr);
    const [minus, plus] = defaults.etas;
    if (!(0 < minus && minus < 1 && 1 < plus)) {
      throw valueError(`Invalid eta values: ${floatRepr(minus)}, ${floatRepr(plus)}`);
    }
    super(params as ParametersOrGroups<RpropGroup>, defaults);
  }

  protected override _tensors(): Record<Names, Make<RpropGroup>> {
    return {
      step: counter,
      prev: zerosLike,
      step_size: (parameter, { lr }) => {
        const size = numberOf(lr);
        return full_like(parameter.grad!, parameter.is_complex() ? { re: size, im: size } : size);
      },
    };
  }

  protected override _isInt(_name: string, value: number): boolean {
    return value === SIGNATURE.defaults.step_sizes[1];
  }

  protected override _stepOne(row: Row<Names>, group: RpropGroup): void {
    row.step.add_(1);
    const real = realRow({ ...row, grad: descent(row, group) });
    const { param, prev, step_size } = real;
    const sign = real.grad.mul(group.differentiable ? prev.clone() : prev).sign();
    setFactors(sign, group.etas);
    step_size.mul_(sign).clamp_(...group.step_sizes);
    const grad = real.grad.clone();
    grad.copy_(where(sign.eq(group.etas[0]), 0, grad));
    param.addcmul_(grad.sign(), step_size, { value: -1 });
    prev.copy_(grad);
  }

  protected override _stepMany(columns: Columns<Names>, group: RpropGroup): void {
    const { maximize, etas, step_sizes } = group;
    foreach.add_(columns.step, 1);
    const { param, grad, prev, step_size } = realColumns(columns);
    const signs = foreach.mul(grad, prev);
    if (maximize) foreach.neg_(signs);
    foreach.copy_(prev, grad);
    if (maximize) foreach.neg_(prev);
    foreach.sign_(signs);
    for (const sign of signs) setFactors(sign, etas);
    foreach.mul_(step_size, signs);
    for (const size of step_size) size.clamp_(...step_sizes);
    for (const [index, each] of prev.entries()) {
      each.copy_(where(signs[index]!.eq(etas[0]), 0, each));
    }
    foreach.addcmul_(
      param,
      prev.map((each) => each.sign()),
      step_size,
      -1,
    );
  }
}

/** Replaces signs by the factors of step sizes. */
function setFactors(sign: Tensor, [minus, plus]: Pair): void {
  sign.copy_(where(sign.gt(0), plus, sign));
  sign.copy_(where(sign.lt(0), minus, sign));
  sign.copy_(where(sign.eq(0), 1, sign));
}
