/** What schedulers read and write in an optimizer's parameter groups. */
import { typeError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { FLOAT, TENSOR, typeOf } from '../../dispatch/signature';
import { typename } from '../../nn/typename';
import type { Tensor } from '../../tensor/tensor';
import { Optimizer } from '../optimizer';
import type { Value as Rate } from '../values';

/** An optimizer of any kind. */
export type AnyOptimizer = Optimizer<object>;

/** A parameter group, with what schedulers keep in it. */
export type Group = Record<string, unknown> & { lr: Rate; initial_lr: Rate };

/** A rate, or one for each group. */
export type Rates = Rate | readonly Rate[];

/** A momentum, or one for each group. */
export type Momentum = number | readonly number[];

const isRate = (value: unknown): boolean => FLOAT.accepts(value) || TENSOR.accepts(value);

export const RATES = typeOf<Rates>(
  'a number, a Tensor or an array of them',
  (value) => isRate(value) || (Array.isArray(value) && value.every(isRate)),
);

export const groupsOf = (optimizer: AnyOptimizer): Group[] =>
  optimizer.param_groups as unknown as Group[];

/** @throws TypeError for anything but an optimizer */
export function checkOptimizer(optimizer: unknown): asserts optimizer is AnyOptimizer {
  if (!(optimizer instanceof Optimizer)) {
    throw typeError(`${typename(optimizer)} is not an Optimizer`);
  }
}

/** Returns the value itself, or a copy of a tensor, so that nothing shares its elements. */
const unshared = <T>(value: T): T => (isTensor(value) ? ((value as Tensor).clone() as T) : value);

/** Returns one value for each group. Python's `_format_param`. */
export function valueForEach<T extends Rate>(
  name: string,
  optimizer: AnyOptimizer,
  value: T | readonly T[],
): T[] {
  const { length } = optimizer.param_groups;
  if (!Array.isArray(value)) return Array.from({ length }, () => unshared(value as T));
  if (value.length !== length) {
    throw valueError(
      `${name} must have the same length as optimizer.param_groups. ` +
        `${name} has ${value.length} values, param_groups has ${length}.`,
    );
  }
  return value.map(unshared);
}

/** Returns a value of each group. Tensors are copies. */
export const valuesOf = (optimizer: AnyOptimizer, key: 'lr' | 'initial_lr'): Rate[] =>
  groupsOf(optimizer).map((group) => unshared(group[key]));

/** Sets a value of a group. A tensor stays the same tensor, and takes the value as its element. */
export function setValue(group: Group, key: string, value: Rate): void {
  const current = group[key];
  if (!isTensor(current)) group[key] = value;
  else (current as Tensor).fill_(scalarOf(value) as number);
}

const scalarOf = (value: Rate): Rate =>
  typeof value === 'number' || value.ndim === 0 ? value : value.squeeze();

/** How the momentum of each group goes, in a schedule that changes it. */
export interface MomentumCycle {
  /** Whether the momentum is the first of the group's `betas`. */
  readonly use_beta1: boolean;
  readonly base_momentums: number[];
  readonly max_momentums: number[];
}

/** Prepares an optimizer's groups for a changing momentum. At a new start, sets it to the highest. */
export function cycleMomentum(
  optimizer: AnyOptimizer,
  values: { base_momentum: Momentum; max_momentum: Momentum; last_epoch: number },
): MomentumCycle {
  const { defaults } = optimizer;
  if (!('momentum' in defaults) && !('betas' in defaults)) {
    throw valueError(
      'optimizer must support momentum or beta1 with `cycle_momentum` option enabled',
    );
  }
  const use_beta1 = 'betas' in defaults;
  const base_momentums = valueForEach('base_momentum', optimizer, values.base_momentum);
  const max_momentums = valueForEach('max_momentum', optimizer, values.max_momentum);
  if (values.last_epoch === -1) {
    for (const [index, group] of groupsOf(optimizer).entries()) {
      setMomentum(group, max_momentums[index]!, use_beta1);
      group['max_momentum'] = max_momentums[index];
      group['base_momentum'] = base_momentums[index];
    }
  }
  return { use_beta1, base_momentums, max_momentums };
}

export function setMomentum(group: Group, momentum: number, inBetas: boolean): void {
  if (inBetas) group['betas'] = [momentum, ...(group['betas'] as number[]).slice(1)];
  else group['momentum'] = momentum;
}

/** Pairs two lists as Python's `zip(…, strict=True)`. */
export function zip<A, B>(a: readonly A[], b: readonly B[]): [A, B][] {
  if (a.length !== b.length) {
    const difference = b.length < a.length ? 'shorter' : 'longer';
    throw valueError(`zip() argument 2 is ${difference} than argument 1`);
  }
  return a.map((value, index) => [value, b[index]!]);
}
