/** RMSprop. Source: torch/optim/rmsprop.py. */
import { ANYTHING, BOOL, FLOAT, optional, required, Signature } from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';
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
import { descent, descents, withDecay } from './formulas';
import type { ParametersOrGroups } from './optimizer';
import {
  type Arguments,
  type CapturableOptions,
  checkNotNegative,
  checkRate,
  type Given,
  MAYBE_CHOICE,
  MAYBE_FLAG,
  VALUE,
} from './options';
import { flat, isNumber, negated, scalar, type Value } from './values';

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

type Names = 'step' | 'square_avg' | 'momentum_buffer' | 'grad_avg';

const SIGNATURE = new Signature('RMSprop', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 1e-2),
  alpha: optional(FLOAT, 0.99),
  eps: optional(FLOAT, 1e-8),
  weight_decay: optional(FLOAT, 0),
  momentum: optional(FLOAT, 0),
  centered: optional(BOOL, false),
  capturable: MAYBE_FLAG,
  foreach: MAYBE_CHOICE,
  maximize: MAYBE_FLAG,
  differentiable: MAYBE_FLAG,
});

/**
 * RMSprop: steps by the gradient over the root of the average of its squares.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class RMSprop extends ElementwiseOptimizer<RMSpropGroup, Names> {
  static readonly signature = SIGNATURE.description;
  protected readonly formula = 'RMSprop';
  protected override readonly namesXla = [true, true] as const;

  constructor(
    params: ParametersOrGroups<RMSpropGroup>,
    ...options: Arguments<
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
      ]
    >
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    checkRate(defaults.lr);
    checkNotNegative('epsilon value', defaults.eps);
    checkNotNegative('momentum value', defaults.momentum);
    checkNotNegative('weight_decay value', defaults.weight_decay);
    checkNotNegative('alpha value', defaults.alpha);
    super(params as ParametersOrGroups<RMSpropGroup>, defaults);
  }

  protected override _tensors({
    momentum,
    centered,
  }: RMSpropGroup): Partial<Record<Names, Make<RMSpropGroup>>> {
    return {
      step: counter,
      square_avg: zerosLike,
      ...(momentum > 0 && { momentum_buffer: zerosLike }),
      ...(centered && { grad_avg: zerosLike }),
    };
  }

  protected override _stepOne(row: Row<Names>, group: RMSpropGroup): void {
    const { alpha, eps, weight_decay, momentum, centered, differentiable } = group;
    row.step.add_(1);
    const decayed = withDecay(descent(row, group), row.param, weight_decay);
    const { param, grad, square_avg, momentum_buffer, grad_avg } = realRow({
      ...row,
      grad: decayed,
    });
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
    foreach.add_(real.step, 1);
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
