/** RMSprop. Source: torch/optim/rmsprop.py. */
import { BOOL, FLOAT, optional } from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';
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
import {
  type CapturableOptions,
  type Given,
  learningRate,
  MAYBE_CHOICE,
  MAYBE_FLAG,
} from './options';
import { flat, isNumber, negated, scalar } from './values';

/** The options of a group of parameters. */
export interface RMSpropGroup extends CapturableOptions {
  /** The learning rate. Default: 1e-2. */
  lr: number | Tensor;
  /** How much of the average of squares is kept. Default: 0.99. */
  alpha: number;
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number;
  /** How much of the last change is kept. Default: 0. */
  momentum: number;
  /** Divide by the root of the variance rather than of the average of squares. Default: false. */
  centered: boolean;
}

export type RMSpropOptions = Given<RMSpropGroup>;

type Names = 'square_avg' | 'momentum_buffer' | 'grad_avg';

const Base = elementwise<
  RMSpropGroup,
  [
    'lr',
    'alpha',
    'eps',
    'weight_decay',
    'momentum',
    'centered',
    'capturable',
    'foreach',
    'maximize',
    'differentiable',
  ],
  Names
>(
  'RMSprop',
  {
    lr: learningRate(1e-2),
    alpha: optional(FLOAT, 0.99),
    eps: optional(FLOAT, 1e-8),
    weight_decay: optional(FLOAT, 0),
    momentum: optional(FLOAT, 0),
    centered: optional(BOOL, false),
    capturable: MAYBE_FLAG,
    foreach: MAYBE_CHOICE,
    maximize: MAYBE_FLAG,
    differentiable: MAYBE_FLAG,
  },
  [check.rate, check.eps, check.notNegative('momentum'), check.decay, check.notNegative('alpha')],
  ({ momentum, centered }) => ({
    step: counter,
    square_avg: zerosLike,
    ...(momentum > 0 && { momentum_buffer: zerosLike }),
    ...(centered && { grad_avg: zerosLike }),
  }),
);

/**
 * RMSprop: steps by the gradient over the root of the average of its squares.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class RMSprop extends Base {
  protected override readonly namesXla = [true, true] as const;

  protected override _stepOne(row: Row<Names>, group: RMSpropGroup): void {
    const { alpha, eps, weight_decay, momentum, centered, differentiable } = group;
    const { param, grad, square_avg, momentum_buffer, grad_avg } = penalized(row, weight_decay);
    square_avg.mul_(alpha).addcmul_(grad, grad, { value: 1 - alpha });
    let avg: Tensor;
    if (centered) {
      grad_avg.lerp_(grad, 1 - alpha);
      avg = square_avg.addcmul(grad_avg, grad_avg, { value: -1 }).sqrt_();
    } else {
      avg = square_avg.sqrt();
    }
    avg = differentiable ? avg.add(eps) : avg.add_(eps);
    const down = scalar(negated(flat(group.lr)));
    if (momentum > 0) {
      momentum_buffer.mul_(momentum).addcdiv_(grad, avg);
      param.add_(momentum_buffer, { alpha: down });
    } else {
      param.addcdiv_(grad, avg, { value: down });
    }
  }

  protected override _stepMany(columns: Columns<Names>, group: RMSpropGroup): void {
    const { alpha, eps, momentum, centered, capturable } = group;
    const real = realColumns(columns);
    const { param, square_avg, momentum_buffer, grad_avg } = real;
    const grad = descents(real, group);
    foreach.mul_(square_avg, alpha);
    foreach.addcmul_(square_avg, grad, grad, 1 - alpha);
    let avg: Tensor[];
    if (centered) {
      foreach.lerp_(grad_avg, grad, 1 - alpha);
      avg = foreach.addcmul(square_avg, grad_avg, grad_avg, -1);
      foreach.sqrt_(avg);
    } else {
      avg = foreach.sqrt(square_avg);
    }
    foreach.add_(avg, eps);
    const down = negated(flat(group.lr));
    const staysOnDevice = capturable && !isNumber(down);
    if (momentum > 0) {
      foreach.mul_(momentum_buffer, momentum);
      foreach.addcdiv_(momentum_buffer, grad, avg);
      if (staysOnDevice) foreach.add_(param, foreach.mul(momentum_buffer, down));
      else foreach.add_(param, momentum_buffer, { alpha: down });
    } else if (staysOnDevice) {
      foreach.div_(avg, down);
      foreach.addcdiv_(param, grad, avg);
    } else {
      foreach.addcdiv_(param, grad, avg, down);
    }
  }
}
