/** Stochastic gradient descent. Source: torch/optim/sgd.py. */

import { valueError } from '../bindings/errors';
import { ANYTHING, BOOL, FLOAT, optional, required, Signature } from '../dispatch/signature';
import { freeing } from '../memory/temporaries';
import type { Tensor } from '../tensor/tensor';
import * as check from './checks';
import { withDecay } from './formulas';
import { checkFusable, checkFused, prefersForeach } from './fused';
import type { ParametersOrGroups, ParamGroup } from './groups';
import { Optimizer } from './optimizer';
import { type Arguments, CHOICE, FLAG, type Given, VALUE } from './options';
import { stepForeach } from './sgd_foreach';
import { _stepFused } from './sgd_fused';
import type { Update } from './updates';
import { flat, isNumber, negated, scalar, type Value } from './values';

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

export type SGDOptions = Given<SGDGroup>;

const SIGNATURE = new Signature('SGD', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 1e-3),
  momentum: optional(FLOAT, 0),
  dampening: optional(FLOAT, 0),
  weight_decay: optional<Value>(VALUE, 0),
  nesterov: optional(BOOL, false),
  maximize: FLAG,
  foreach: CHOICE,
  differentiable: FLAG,
  fused: CHOICE,
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
    ...options: Arguments<SGDGroup, ['lr', 'momentum', 'dampening', 'weight_decay', 'nesterov']>
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    checkOptions(defaults);
    super(params as ParametersOrGroups<SGDGroup>, defaults);
    checkFused(defaults);
    this._step_supports_amp_scaling = !!defaults.fused;
  }

  protected override _step(group: ParamGroup<SGDGroup>): void {
    if (group.fused) this.#checkOnce(group);
    if (group.foreach ?? (group.fused === null && prefersForeach(changing(group)))) {
      this.#stepAll(group, stepForeach);
      return;
    }
    if (group.fused) {
      this.#stepAll(group, (updates) => _stepFused(updates, group, this));
      return;
    }
    for (const parameter of group.params) {
      const gradient = parameter.grad;
      if (gradient) freeing(() => this.#update(parameter, gradient, group));
    }
  }

  /** Makes the checks for which Python looks only at the first parameter with a gradient. */
  #checkOnce({ params }: ParamGroup<SGDGroup>): void {
    const first = params.find(({ grad }) => grad !== null);
    if (this.#canBeFused || !first) return;
    checkFusable(first);
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
    freeing(() => {
      step(updates, group);
      return updates.map(({ buffer }) => buffer);
    });
    if (group.momentum === 0) return;
    for (const { parameter, buffer } of updates) this.stateOf(parameter).momentum_buffer = buffer;
  }

  /** Updates one parameter, as Python does on the CPU: `_single_tensor_sgd`. Returns its momentum buffer. */
  #update(parameter: Tensor, gradient: Tensor, group: ParamGroup<SGDGroup>): unknown {
    let change = group.maximize ? gradient.neg() : gradient;
    change = withDecay(change, parameter, group.weight_decay);
    if (group.momentum !== 0) change = this.#withMomentum(change, parameter, group);
    const lr = flat(group.lr);
    if (!isNumber(lr) && lr.requires_grad) parameter.addcmul_(change, lr, { value: -1 });
    else parameter.add_(change, { alpha: scalar(negated(lr)) });
    return this.state.get(parameter)?.['momentum_buffer'];
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

const checkMomentum = check.notNegative('momentum');

function checkOptions(options: SGDGroup): void {
  for (const each of [check.rate, checkMomentum, check.decay]) each(options);
  const { momentum, dampening, nesterov } = options;
  if (nesterov && (momentum <= 0 || dampening !== 0)) {
    throw valueError('Nesterov momentum requires a momentum and zero dampening');
  }
}

const changing = ({ params }: ParamGroup<SGDGroup>): Tensor[] =>
  params.filter(({ grad }) => grad !== null);
