/** Rprop. Source: torch/optim/rprop.py. */
import { valueError } from '../bindings/errors';
import { optional } from '../dispatch/signature';
import { where } from '../nn/ops';
import { full_like } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import { floatRepr } from '../utils/python';
import * as check from './checks';
import {
  type Columns,
  counter,
  elementwise,
  type Row,
  realColumns,
  realRow,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import {
  type CapturableOptions,
  CHOICE,
  FLAG,
  type Given,
  learningRate,
  PAIR,
  type Pair,
} from './options';
import { numberOf } from './values';

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

type Names = 'prev' | 'step_size';

/** Python's default of the largest step size is an int. */
const MOST = 50;

const Base = elementwise<RpropGroup, ['lr', 'etas', 'step_sizes'], Names>(
  'Rprop',
  {
    lr: learningRate(1e-2),
    etas: optional<Pair>(PAIR, [0.5, 1.2]),
    step_sizes: optional<Pair>(PAIR, [1e-6, MOST]),
    capturable: FLAG,
    foreach: CHOICE,
    maximize: FLAG,
    differentiable: FLAG,
  },
  [check.rate, checkEtas],
  () => ({
    step: counter,
    prev: zerosLike,
    step_size: (parameter, { lr }) => {
      const size = numberOf(lr);
      return full_like(parameter.grad!, parameter.is_complex() ? { re: size, im: size } : size);
    },
  }),
);

/**
 * Rprop: steps by the sign of the gradient, with a step size of its own for each element.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Rprop extends Base {
  protected override readonly namesXla = [true, true] as const;

  protected override _isInt(_name: string, value: number): boolean {
    return value === MOST;
  }

  protected override _stepOne(row: Row<Names>, group: RpropGroup): void {
    const real = realRow(row);
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

function checkEtas({ etas: [minus, plus] }: RpropGroup): void {
  if (0 < minus && minus < 1 && 1 < plus) return;
  throw valueError(`Invalid eta values: ${floatRepr(minus)}, ${floatRepr(plus)}`);
}

/** Replaces signs by the factors of step sizes. */
function setFactors(sign: Tensor, [minus, plus]: Pair): void {
  sign.copy_(where(sign.gt(0), plus, sign));
  sign.copy_(where(sign.lt(0), minus, sign));
  sign.copy_(where(sign.eq(0), 1, sign));
}
