/** SparseAdam. Sources: torch/optim/sparse_adam.py, torch/optim/_functional.py. */

import { runtimeError, valueError } from '../bindings/errors';
import { part } from '../dispatch/replay';
import { ANYTHING, FLOAT, optional, required, Signature } from '../dispatch/signature';
import { freeing } from '../memory/temporaries';
import { power } from '../nn/ops';
import { sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { floatRepr } from '../utils/python';
import * as check from './checks';
import { zerosLike } from './elementwise';
import type { ParametersOrGroups, ParamGroup } from './groups';
import { Optimizer } from './optimizer';
import { type Arguments, type Given, MAYBE_FLAG, PAIR, type Pair, VALUE } from './options';
import { coalesced, makeSparse, sparseMask, valuesOf } from './sparse';
import { flat, negated, numberOf, over, times, type Value } from './values';

/** The options of a group of parameters. */
export interface SparseAdamGroup {
  /** The learning rate. Default: 1e-3. */
  lr: number | Tensor;
  /** How much of the averages of gradients and of their squares is kept. Default: [0.9, 0.999]. */
  betas: Pair;
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** Go up instead of down. Default: false. */
  maximize: boolean;
}

export type SparseAdamOptions = Given<SparseAdamGroup>;

const SIGNATURE = new Signature('SparseAdam', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 1e-3),
  betas: optional<Pair>(PAIR, [0.9, 0.999]),
  eps: optional(FLOAT, 1e-8),
  maximize: MAYBE_FLAG,
});

/**
 * Adam for sparse gradients: only the elements that have a gradient change, and what is remembered of them.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html
 *
 * @throws RangeError (ValueError) for options out of their range, and for parameters that are sparse or complex
 */
export class SparseAdam extends Optimizer<SparseAdamGroup> {
  static readonly signature = SIGNATURE.description;

  constructor(
    params: ParametersOrGroups<SparseAdamGroup>,
    ...options: Arguments<SparseAdamGroup, ['lr', 'betas', 'eps', 'maximize']>
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    check.oneElement('lr', defaults.lr);
    checkPositive('learning rate', defaults.lr);
    checkPositive('epsilon value', defaults.eps);
    check.betas(defaults);
    super(params as ParametersOrGroups<SparseAdamGroup>, defaults);
    const isSparse = ({ layout }: Tensor): boolean => layout === sparse_coo;
    this.#refuse(isSparse, 'Sparse', 'requires dense parameter tensors');
    this.#refuse((p) => p.is_complex(), 'Complex', 'does not support complex parameters');
  }

  #refuse(isRefused: (parameter: Tensor) => boolean, what: string, why: string): void {
    const places = this.param_groups.flatMap(({ params }, group) =>
      params.flatMap((parameter, index) => (isRefused(parameter) ? [`[${group}, ${index}]`] : [])),
    );
    if (places.length === 0) return;
    throw valueError(`${what} params at indices [${places.join(', ')}]: SparseAdam ${why}`);
  }

  protected override _step(group: ParamGroup<SparseAdamGroup>): void {
    const found = group.params.flatMap((param) => {
      const { grad } = param;
      if (!grad) return [];
      if (grad.layout !== sparse_coo) {
        throw runtimeError(
          'SparseAdam does not support dense gradients, please consider Adam instead',
        );
      }
      const state = this.stateOf(param);
      part(() => {
        if (Object.keys(state).length === 0) {
          state['step'] = 0;
          state['exp_avg'] = zerosLike(param, group);
          state['exp_avg_sq'] = zerosLike(param, group);
        }
        state['step'] = Number(state['step']) + 1;
      });
      return [{ param, grad, ...(state as unknown as State) }];
    });
    for (const each of found) freeing(() => _stepOne(each, group));
  }
}

interface State {
  step: number;
  exp_avg: Tensor;
  exp_avg_sq: Tensor;
}

function _stepOne(
  { param, grad, step, exp_avg, exp_avg_sq }: State & { param: Tensor; grad: Tensor },
  { lr, betas, eps, maximize }: SparseAdamGroup,
): void {
  const [beta1, beta2] = betas;
  const gradient = coalesced(maximize ? grad.neg() : grad);
  const values = valuesOf(gradient);
  if (values.numel() === 0) return;
  const oldAverage = valuesOf(sparseMask(exp_avg, gradient));
  const average = values.sub(oldAverage).mul_(1 - beta1);
  exp_avg.add_(makeSparse(gradient, average));
  const oldSquare = valuesOf(sparseMask(exp_avg_sq, gradient));
  const square = values
    .pow(2)
    .sub_(oldSquare)
    .mul_(1 - beta2);
  exp_avg_sq.add_(makeSparse(gradient, square));
  const numerator = average.add_(oldAverage);
  const denominator = square.add_(oldSquare).sqrt_().add_(eps);
  const [correction1, correction2] = [1 - power(beta1, step), 1 - power(beta2, step)];
  const size = over(times(flat(lr), Math.sqrt(correction2)), correction1);
  const change = times(negated(size), numerator.div_(denominator)) as Tensor;
  param.add_(makeSparse(gradient, change));
}

function checkPositive(what: string, value: Value): void {
  const number = numberOf(value);
  if (!(number > 0)) throw valueError(`Invalid ${what}: ${floatRepr(number)}`);
}
