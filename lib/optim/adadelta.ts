/** Adadelta. Source: torch/optim/adadelta.py. */
import { valueError } from '../bindings/errors';
import { FLOAT, optional } from '../dispatch/signature';
import { op } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import { floatRepr } from '../utils/python';
import * as check from './checks';
import {
  type Columns,
  counter,
  elementwise,
  type Row,
  realColumns,
  zerosLike,
} from './elementwise';
import * as foreach from './foreach';
import { descents, penalized } from './formulas';
import { type CapturableOptions, FLAG, type Given, learningRate, MAYBE_CHOICE } from './options';
import { flat, isNumber, negated, scalar } from './values';

/** The options of a group of parameters. */
export interface AdadeltaGroup extends CapturableOptions {
  /** What changes are multiplied by. Default: 1. */
  lr: number | Tensor;
  /** How much of the averages of squares is kept. Default: 0.9. */
  rho: number;
  /** Added under the roots. Default: 1e-6. */
  eps: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number;
}

export type AdadeltaOptions = Given<AdadeltaGroup>;

type Names = 'square_avg' | 'acc_delta';

const viewAsComplex = op<(self: Tensor) => Tensor>('view_as_complex');

const Base = elementwise<AdadeltaGroup, ['lr', 'rho', 'eps', 'weight_decay', 'foreach'], Names>(
  'Adadelta',
  {
    lr: learningRate(1),
    rho: optional(FLOAT, 0.9),
    eps: optional(FLOAT, 1e-6),
    weight_decay: optional(FLOAT, 0),
    foreach: MAYBE_CHOICE,
    capturable: FLAG,
    maximize: FLAG,
    differentiable: FLAG,
  },
  [check.rate, checkRho, check.eps, check.decay],
  () => ({ step: counter, square_avg: zerosLike, acc_delta: zerosLike }),
);

/**
 * Adadelta: steps by the gradient times the root of the average square of changes over that of gradients.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Adadelta extends Base {
  protected override readonly namesXla = [false, false] as const;

  protected override _stepOne(row: Row<Names>, group: AdadeltaGroup): void {
    const { rho, eps, weight_decay, differentiable } = group;
    const { grad, square_avg, acc_delta } = penalized(row, weight_decay);
    square_avg.mul_(rho).addcmul_(grad, grad, { value: 1 - rho });
    const std = square_avg.add(eps).sqrt_();
    let delta = acc_delta.add(eps).sqrt_();
    if (differentiable) delta = delta.clone();
    delta.div_(std).mul_(grad);
    acc_delta.mul_(rho).addcmul_(delta, delta, { value: 1 - rho });
    if (row.param.is_complex()) delta = viewAsComplex(delta);
    row.param.add_(delta, { alpha: scalar(negated(flat(group.lr))) });
  }

  protected override _stepMany(columns: Columns<Names>, group: AdadeltaGroup): void {
    const { rho, eps, capturable } = group;
    const real = realColumns(columns);
    const { param, square_avg, acc_delta } = real;
    const grad = descents(real, group);
    foreach.mul_(square_avg, rho);
    foreach.addcmul_(square_avg, grad, grad, 1 - rho);
    const std = foreach.add(square_avg, eps);
    foreach.sqrt_(std);
    const deltas = foreach.add(acc_delta, eps);
    foreach.sqrt_(deltas);
    foreach.div_(deltas, std);
    foreach.mul_(deltas, grad);
    foreach.mul_(acc_delta, rho);
    foreach.addcmul_(acc_delta, deltas, deltas, 1 - rho);
    const down = negated(flat(group.lr));
    if (capturable && !isNumber(down)) {
      foreach.mul_(deltas, down);
      foreach.add_(param, deltas);
    } else {
      foreach.add_(param, deltas, { alpha: down });
    }
  }
}

function checkRho({ rho }: AdadeltaGroup): void {
  if (!(rho >= 0 && rho <= 1)) throw valueError(`Invalid rho value: ${floatRepr(rho)}`);
}
