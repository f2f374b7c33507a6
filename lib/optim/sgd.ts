/** Stochastic gradient descent. Source: torch/optim/sgd.py. */
import { runtimeError, valueError } from '../bindings/errors';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  option,
  optional,
  orNull,
  required,
  Signature,
  TENSOR,
  type Type,
} from '../dispatch/signature';
import { addcmul_ } from '../nn/ops';
import type { Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { floatRepr, repr } from '../utils/python';
import { Optimizer, type ParametersOrGroups, type ParamGroup } from './optimizer';
import { stepForeach } from './sgd_foreach';
import { stepFused } from './sgd_fused';
import type { Update } from './updates';

/** The options of a group of parameters. */
export interface SGDGroup {
  /** The learning rate. Default: 1e-3. */
  lr: number | Tensor;
  /** The momentum factor. Default: 0. */
  momentum: number;
  /** The factor by which the gradient is reduced when it is added to the momentum: 1 - dampening. Default: 0. */
  dampening: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number | Tensor;
  /** Uses Nesterov momentum. Default: false. */
  nesterov: boolean;
  /** Maximizes instead of minimizing. Default: false. */
  maximize: boolean;
  /**
   * Updates all parameters with operators on lists. Default: null, which means on CUDA only. With `nesterov`, gradients
   * are overwritten, as in Python.
   */
  foreach: boolean | null;
  /** Records the step, so that it can be differentiated. Default: false. */
  differentiable: boolean;
  /**
   * Updates all parameters in one kernel, which also divides by the scale of a GradScaler. Default: null, which means
   * no.
   */
  fused: boolean | null;
}

export type SGDOptions = { [Key in keyof SGDGroup]?: SGDGroup[Key] | undefined };

const NUMBER_OR_TENSOR: Type<number | Tensor> = {
  expected: 'a number or a Tensor',
  accepts: (value) => FLOAT.accepts(value) || TENSOR.accepts(value),
};

const FUSED_DEVICES = ['mps', 'cuda', 'xpu', 'hpu', 'cpu', 'mtia', 'privateuseone'];

const SIGNATURE = new Signature('SGD', {
  params: required(ANYTHING),
  lr: optional(NUMBER_OR_TENSOR, 1e-3),
  momentum: optional(FLOAT, 0),
  dampening: optional(FLOAT, 0),
  weight_decay: optional(NUMBER_OR_TENSOR, 0),
  nesterov: optional(BOOL, false),
  maximize: option(BOOL, false),
  foreach: option<boolean | null>(orNull(BOOL), null),
  differentiable: option(BOOL, false),
  fused: option<boolean | null>(orNull(BOOL), null),
});

/**
 * Implements stochastic gradient descent, optionally with momentum.
 *
 * ```ts
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * optimizer.zero_grad();
 * criterion(model(input), target).backward();
 * optimizer.step();
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
 *
 * @throws RangeError (ValueError) for negative options, and for nesterov without momentum or with dampening
 */
export class SGD extends Optimizer<SGDGroup> {
  static readonly signature = SIGNATURE.description;
  #canBeFused = false;

  constructor(
    params: ParametersOrGroups<SGDGroup>,
    lr: number | Tensor,
    momentum?: number,
    dampening?: number,
    weight_decay?: number | Tensor,
    nesterov?: boolean,
    options?: Omit<SGDOptions, 'lr' | 'momentum' | 'dampening' | 'weight_decay' | 'nesterov'>,
  );
  constructor(
    params: ParametersOrGroups<SGDGroup>,
    lr: number | Tensor,
    options?: Omit<SGDOptions, 'lr'>,
  );
  constructor(params: ParametersOrGroups<SGDGroup>, options?: SGDOptions);
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    check(defaults);
    super(params as ParametersOrGroups<SGDGroup>, defaults);
    checkFused(defaults);
    this._step_supports_amp_scaling = !!defaults.fused;
  }

  protected override _step(group: ParamGroup<SGDGroup>): void {
    if (group.fused) this.#checkOnce(group);
    if (group.foreach ?? prefersForeach(group)) {
      this.#stepAll(group, stepForeach);
      return;
    }
    if (group.fused) {
      this.#stepAll(group, (updates) => stepFused(updates, group, this));
      return;
    }
    for (const parameter of group.params) {
      const gradient = parameter.grad;
      if (gradient) this.#update(parameter, gradient, group);
    }
  }

  /** Makes the checks for which Python looks only at the first parameter with a gradient. */
  #checkOnce({ params }: ParamGroup<SGDGroup>): void {
    const first = params.find(({ grad }) => grad !== null);
    if (this.#canBeFused || !first) return;
    if (!FUSED_DEVICES.includes(first.device.type) || !first.is_floating_point()) {
      throw runtimeError(
        '`fused=True` requires all the params to be floating point Tensors of supported devices: ' +
          `[${FUSED_DEVICES.map(repr).join(', ')}] but ${first.dtype} and ${first.device.type}`,
      );
    }
    this.#canBeFused = true;
  }

  #stepAll(
    group: ParamGroup<SGDGroup>,
    step: (updates: readonly Update[], group: SGDGroup) => void,
  ): void {
    const updates: Update[] = [];
    for (const parameter of group.params) {
      const gradient = parameter.grad;
      const state = this.state.get(parameter);
      const buffer = (state?.['momentum_buffer'] as Tensor | null | undefined) ?? null;
      if (gradient) updates.push({ parameter, gradient, buffer });
    }
    step(updates, group);
    if (group.momentum === 0) return;
    for (const { parameter, buffer } of updates) this.stateOf(parameter).momentum_buffer = buffer;
  }

  /** Updates one parameter, as Python does on the CPU: `_single_tensor_sgd`. */
  #update(parameter: Tensor, gradient: Tensor, group: ParamGroup<SGDGroup>): void {
    let change = group.maximize ? gradient.neg() : gradient;
    if (group.weight_decay !== 0) change = withDecay(change, parameter, group.weight_decay);
    if (group.momentum !== 0) change = this.#withMomentum(change, parameter, group);
    const { lr } = group;
    if (typeof lr === 'number') parameter.add_(change, { alpha: -lr });
    else if (lr.requires_grad) addcmul_(parameter, change, scalarOf(lr), { value: -1 });
    else parameter.add_(change, { alpha: scalarOf(lr).neg() as unknown as Scalar });
  }

  #withMomentum(change: Tensor, parameter: Tensor, group: ParamGroup<SGDGroup>): Tensor {
    const { momentum, dampening, nesterov } = group;
    const state = this.stateOf(parameter);
    let buffer = (state.momentum_buffer as Tensor | null | undefined) ?? null;
    if (buffer === null) {
      buffer = change.detach().clone();
      state.momentum_buffer = buffer;
    } else {
      buffer.mul_(momentum).add_(change, { alpha: 1 - dampening });
    }
    return nesterov ? change.add(buffer, { alpha: momentum }) : buffer;
  }
}

/**
 * Returns whether operators on lists are the default. Python uses them on CUDA, where every operator starts a kernel.
 */
function prefersForeach({ params, fused }: ParamGroup<SGDGroup>): boolean {
  const changing = params.filter(({ grad }) => grad !== null);
  return fused === null && changing.length > 0 && changing.every(({ is_cuda }) => is_cuda);
}

function withDecay(change: Tensor, parameter: Tensor, decay: number | Tensor): Tensor {
  if (typeof decay === 'number') return change.add(parameter, { alpha: decay });
  if (decay.requires_grad) return addcmul_(change, parameter.clone(), decay);
  return change.add(parameter, { alpha: decay as unknown as Scalar });
}

const scalarOf = (tensor: Tensor): Tensor => (tensor.ndim === 0 ? tensor : tensor.squeeze());

function check(options: SGDGroup): void {
  const { lr, momentum, dampening, weight_decay, nesterov } = options;
  if (typeof lr !== 'number' && lr.numel() !== 1) throw valueError('Tensor lr must be 1-element');
  refuseNegative('learning rate', lr);
  refuseNegative('momentum value', momentum);
  refuseNegative('weight_decay value', weight_decay);
  if (nesterov && (momentum <= 0 || dampening !== 0)) {
    throw valueError('Nesterov momentum requires a momentum and zero dampening');
  }
}

function checkFused({ fused, foreach, differentiable }: SGDGroup): void {
  if (fused && differentiable) throw runtimeError('`fused` does not support `differentiable`');
  if (fused && foreach) throw runtimeError('`fused` and `foreach` cannot be `True` together.');
}

function refuseNegative(what: string, value: number | Tensor): void {
  const number = typeof value === 'number' ? value : Number(value.item());
  if (number < 0) throw valueError(`Invalid ${what}: ${floatRepr(number)}`);
}
