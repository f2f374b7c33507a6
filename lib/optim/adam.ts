/** Adam and AdamW. Sources: torch/optim/adam.py, torch/optim/adamw.py. */
import { runtimeError, valueError } from '../bindings/errors';
import { ANYTHING, BOOL, FLOAT, optional, required, Signature } from '../dispatch/signature';
import { maximumInto, op } from '../nn/ops';
import { sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
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
import { decayed, descentsDecayed } from './formulas';
import type { Scaling } from './fused';
import type { ParametersOrGroups } from './groups';
import {
  type Arguments,
  type CapturableOptions,
  CHOICE,
  FLAG,
  type Given,
  learningRate,
  type Pair,
  VALUE,
  VALUE_PAIR,
} from './options';
import {
  flat,
  isNumber,
  minus,
  negated,
  numberOf,
  over,
  raised,
  scalar,
  times,
  type Value,
} from './values';

/** The options of a group of parameters. */
export interface AdamGroup extends CapturableOptions {
  /** The learning rate. Default: 1e-3. */
  lr: number | Tensor;
  /** How much of the averages of gradients and of their squares is kept. Default: [0.9, 0.999]. */
  betas: Pair<number | Tensor>;
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** The factor of the L2 penalty; decoupled from the gradient in AdamW. Default: 0, in AdamW 1e-2. */
  weight_decay: number | Tensor;
  /** Divide by the largest average so far. Default: false. */
  amsgrad: boolean;
  /** Change all parameters in one kernel. With a GradScaler, gradients are unscaled in it. Default: null: no. */
  fused: boolean | null;
  /** Take the weight decay from the parameters, not into the gradients. Default: false, in AdamW true. */
  decoupled_weight_decay: boolean;
}

export type AdamOptions = Given<AdamGroup>;
export type AdamWOptions = Given<Omit<AdamGroup, 'decoupled_weight_decay'>>;

type Names = 'exp_avg' | 'exp_avg_sq' | 'max_exp_avg_sq';
type ByPosition = ['lr', 'betas', 'eps', 'weight_decay', 'amsgrad'];

const POSITIONAL = {
  lr: learningRate(1e-3),
  betas: optional<Pair<Value>>(VALUE_PAIR, [0.9, 0.999]),
  eps: optional(FLOAT, 1e-8),
};

const ADAMW = new Signature('AdamW', {
  params: required(ANYTHING),
  ...POSITIONAL,
  weight_decay: optional<Value>(VALUE, 1e-2),
  amsgrad: optional(BOOL, false),
  maximize: FLAG,
  foreach: CHOICE,
  capturable: FLAG,
  differentiable: FLAG,
  fused: CHOICE,
});

interface KernelOptions extends Scaling {
  amsgrad: boolean;
  lr: Value;
  beta1: number;
  beta2: number;
  weight_decay: number;
  eps: number;
  maximize: boolean;
}

type Tensors = readonly Tensor[];
type Kernel = (
  parameters: Tensors,
  gradients: Tensors,
  averages: Tensors,
  squares: Tensors,
  largest: Tensors,
  steps: Tensors,
  options: KernelOptions,
) => void;

const fusedAdam = op<Kernel>('_fused_adam_', ['']);
const fusedAdamByTensor = op<Kernel>('_fused_adam_', ['tensor_lr']);
const fusedAdamW = op<Kernel>('_fused_adamw_', ['']);
const fusedAdamWByTensor = op<Kernel>('_fused_adamw_', ['tensor_lr']);

const Base = elementwise<AdamGroup, ByPosition, Names>(
  'Adam',
  {
    ...POSITIONAL,
    weight_decay: optional<Value>(VALUE, 0),
    amsgrad: optional(BOOL, false),
    foreach: CHOICE,
    maximize: FLAG,
    capturable: FLAG,
    differentiable: FLAG,
    fused: CHOICE,
    decoupled_weight_decay: FLAG,
  },
  [checkOptions],
  ({ amsgrad }) => ({
    step: counter,
    exp_avg: zerosLike,
    exp_avg_sq: zerosLike,
    ...(amsgrad && { max_exp_avg_sq: zerosLike }),
  }),
);

/**
 * Adam: steps by the average of gradients over the root of the average of their squares.
 *
 * ```ts
 * const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class Adam extends Base {
  protected override _checkGradient(gradient: Tensor): void {
    if (gradient.layout !== sparse_coo) return;
    throw runtimeError(
      'Adam does not support sparse gradients, please consider SparseAdam instead',
    );
  }

  protected override _prefersForeach(rows: readonly Row<Names>[], group: AdamGroup): boolean {
    return (group.capturable || isNumber(group.lr)) && super._prefersForeach(rows, group);
  }

  protected override _stepOne(row: Row<Names>, group: AdamGroup): void {
    const { amsgrad, eps, capturable, differentiable } = group;
    const [lr, beta1, beta2] = flatRates(group);
    const { param, grad, step, exp_avg, exp_avg_sq, max_exp_avg_sq } = realRow({
      ...row,
      grad: decayed(row, lr, group),
    });
    exp_avg.lerp_(grad, minus(1, isNumber(beta1) ? beta1 : beta1.to(param)) as never);
    if (differentiable && !isNumber(beta2) && beta2.requires_grad) {
      exp_avg_sq.lerp_(grad.square(), minus(1, beta2) as Tensor);
    } else {
      exp_avg_sq.mul_(scalar(beta2)).addcmul_(grad, grad, { value: scalar(minus(1, beta2)) });
    }
    if (!capturable && !differentiable) {
      const count = numberOf(step);
      const stepSize = over(lr, minus(1, raised(beta1, count)));
      const correction = raised(minus(1, raised(beta2, count)), 0.5);
      if (amsgrad) maximumInto(max_exp_avg_sq, exp_avg_sq, { out: max_exp_avg_sq });
      const denom = (amsgrad ? max_exp_avg_sq : exp_avg_sq).sqrt().div_(correction).add_(eps);
      param.addcdiv_(exp_avg, denom, { value: scalar(negated(stepSize)) });
      return;
    }
    const correctionOf = (beta: Value): Tensor =>
      minus(1, raised(beta, !isNumber(beta) && beta.requires_grad ? step.clone() : step)) as Tensor;
    const stepSize = (over(lr, correctionOf(beta1)) as Tensor).neg();
    const scale = correctionOf(beta2).sqrt().mul(stepSize);
    if (amsgrad) {
      const before = differentiable ? max_exp_avg_sq.clone() : max_exp_avg_sq;
      max_exp_avg_sq.copy_(before.maximum(exp_avg_sq));
    }
    const denom = (amsgrad ? max_exp_avg_sq : exp_avg_sq)
      .sqrt()
      .div(scale)
      .add_(over(eps, stepSize) as Tensor);
    param.addcdiv_(differentiable ? exp_avg.clone() : exp_avg, denom);
  }

  protected override _stepMany(columns: Columns<Names>, group: AdamGroup): void {
    checkTogether(group);
    const { amsgrad, eps } = group;
    const [lr, beta1, beta2] = flatRates(group);
    const real = realColumns(columns);
    const { param, step, exp_avg, exp_avg_sq, max_exp_avg_sq } = real;
    const grad = descentsDecayed(real, lr, group);
    foreach.lerp_(exp_avg, grad, minus(1, beta1));
    foreach.mul_(exp_avg_sq, beta2);
    if (isNumber(beta2)) foreach.addcmul_(exp_avg_sq, grad, grad, 1 - beta2);
    else foreach.addcmul_(exp_avg_sq, foreach.mul(grad, minus(1, beta2)), grad, 1);
    if (amsgrad) foreach.maximum_(max_exp_avg_sq, exp_avg_sq);
    const denom = foreach.sqrt(amsgrad ? max_exp_avg_sq : exp_avg_sq);
    if (group.capturable) {
      const stepSize = foreach.powers(beta1, step);
      foreach.sub_(stepSize, 1);
      foreach.div_(stepSize, lr);
      foreach.reciprocal_(stepSize);
      const correction = foreach.powers(beta2, step);
      foreach.sub_(correction, 1);
      foreach.neg_(correction);
      foreach.sqrt_(correction);
      foreach.div_(denom, correction);
      foreach.add_(denom, eps);
      foreach.div_(denom, stepSize);
      foreach.addcdiv_(param, exp_avg, denom);
      return;
    }
    const counts = step.map(numberOf);
    const stepSizes = counts.map((count) => times(over(lr, minus(1, raised(beta1, count))), -1));
    const corrections = counts.map((count) => raised(minus(1, raised(beta2, count)), 0.5));
    foreach.div_(denom, corrections);
    foreach.add_(denom, eps);
    foreach.addcdiv_(param, exp_avg, denom, stepSizes);
  }

  protected override _stepFused(columns: Columns<Names>, group: AdamGroup, scaling: Scaling): void {
    const { lr, betas, weight_decay, eps, amsgrad, maximize, decoupled_weight_decay } = group;
    const byNumber = isNumber(lr);
    const kernel = decoupled_weight_decay
      ? byNumber
        ? fusedAdamW
        : fusedAdamWByTensor
      : byNumber
        ? fusedAdam
        : fusedAdamByTensor;
    const { param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, step } = columns;
    kernel(param, grad, exp_avg, exp_avg_sq, amsgrad ? max_exp_avg_sq : [], step, {
      ...scaling,
      ...{ amsgrad, eps, maximize, weight_decay: numberOf(weight_decay) },
      lr: byNumber || lr.device.type === 'cpu' ? lr : lr.to(param[0]!.device),
      beta1: numberOf(betas[0]),
      beta2: numberOf(betas[1]),
    });
  }
}

/**
 * Adam with weight decay that is taken from the parameters, not into the gradients.
 *
 * ```ts
 * const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3, weight_decay: 1e-2 });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 *
 * @throws RangeError (ValueError) for options out of their range
 */
export class AdamW extends Adam {
  static override readonly signature = ADAMW.description;

  constructor(
    params: ParametersOrGroups<AdamGroup>,
    ...options: Arguments<Omit<AdamGroup, 'decoupled_weight_decay'>, ByPosition>
  );
  constructor(...args: unknown[]) {
    const { params, ...options } = ADAMW.read(args);
    const all: AdamOptions = { ...options, decoupled_weight_decay: true };
    super(params as ParametersOrGroups<AdamGroup>, all);
  }

  override load_state_dict(state_dict: Parameters<Adam['load_state_dict']>[0]): void {
    super.load_state_dict(state_dict);
    for (const group of this.param_groups) group.decoupled_weight_decay = true;
  }
}

const flatRates = ({ lr, betas }: AdamGroup): [Value, Value, Value] => [
  flat(lr),
  flat(betas[0]),
  flat(betas[1]),
];

function checkOptions(options: AdamGroup): void {
  const { lr, betas, foreach, capturable } = options;
  const refusesTensors = foreach && !capturable;
  const unsupported = 'as a Tensor is not supported for capturable=False and foreach=True';
  if (!isNumber(lr) && refusesTensors) throw valueError(`lr ${unsupported}`);
  for (const each of [check.rate, check.eps, check.betas, check.decay]) each(options);
  if (isNumber(betas[0]) !== isNumber(betas[1])) {
    throw valueError('betas must be either both floats or both Tensors');
  }
  for (const [index, beta] of betas.entries()) {
    if (!isNumber(beta) && refusesTensors) throw valueError(`betas[${index}] ${unsupported}`);
    check.oneElement(`betas[${index}]`, beta);
  }
  options.betas = [flat(betas[0]), flat(betas[1])];
}

function checkTogether({ lr, betas, capturable }: AdamGroup): void {
  if (capturable) return;
  const unsupported = 'as a Tensor is not supported for capturable=False and foreach=True';
  if (!isNumber(lr)) throw runtimeError(`lr ${unsupported}`);
  for (const [index, beta] of betas.entries()) {
    if (!isNumber(beta)) throw valueError(`beta${index + 1} ${unsupported}`);
  }
}
