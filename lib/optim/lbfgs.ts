/** L-BFGS. Source: torch/optim/lbfgs.py. */

import { indexError, runtimeError, typeError, valueError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import type { AsyncOptions } from '../bindings/jobs';
import { isSince } from '../bindings/libtorch/versions';
import { libtorch } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import {
  ANYTHING,
  FLOAT,
  INT,
  nullable,
  optional,
  required,
  Signature,
  STRING,
} from '../dispatch/signature';
import { freeing, Temporaries } from '../memory/temporaries';
import { op, withoutGrad } from '../nn/ops';
import { zeros } from '../tensor/factories';
import { cat } from '../tensor/functions/concat';
import { contiguous_format, sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import * as check from './checks';
import type { ParametersOrGroups } from './groups';
import { asyncArguments, evaluate, Optimizer } from './optimizer';
import { type Arguments, FLAG, type Given, VALUE } from './options';
import {
  absolute,
  flat,
  isAtMost,
  isLess,
  larger,
  minus,
  numberOf,
  over,
  plus,
  raised,
  scalar,
  smaller,
  times,
  type Value,
} from './values';

/** The options of the parameters. */
export interface LBFGSGroup {
  /** The learning rate. Default: 1. */
  lr: number | Tensor;
  /** The most iterations of a step. Default: 20. */
  max_iter: number;
  /** The most evaluations of the closure in a step. Default: 1.25 times `max_iter`. */
  max_eval: number | null;
  /** The gradient at which a step ends. Default: 1e-7. */
  tolerance_grad: number;
  /** The change of the loss or of parameters at which a step ends. Default: 1e-9. */
  tolerance_change: number;
  /** How many changes are remembered. Default: 100. */
  history_size: number;
  /** Default: null, steps of the length of the learning rate. */
  line_search_fn: 'strong_wolfe' | null;
  /** Go up instead of down; torch 2.14 or later. Default: false. */
  maximize?: boolean;
}

export type LBFGSOptions = Given<LBFGSGroup>;

const IS_SINCE_214 = isSince('2.14', libtorch.version);

const SIGNATURE = new Signature('LBFGS', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 1),
  max_iter: optional(INT, 20),
  max_eval: nullable(INT),
  tolerance_grad: optional(FLOAT, 1e-7),
  tolerance_change: optional(FLOAT, 1e-9),
  history_size: optional(INT, 100),
  line_search_fn: nullable(STRING),
  ...(IS_SINCE_214 && { maximize: FLAG }),
});

const INTEGERS = ['max_iter', 'max_eval', 'history_size'];

const toDense = op<(self: Tensor) => Tensor>('to_dense');
const viewAsReal = op<(self: Tensor) => Tensor>('view_as_real');

/** What is kept between steps, with the first parameter. */
interface State {
  func_evals: number;
  n_iter: number;
  al: (Tensor | null)[];
  d: Tensor;
  t: Value;
  old_dirs: Tensor[];
  old_stps: Tensor[];
  ro: Value[];
  H_diag: Value;
  prev_flat_grad: Tensor;
  prev_loss: number;
}

/** A point on the line of a search: how far along, the loss there, its gradient, and the slope. */
interface Point {
  t: Value;
  loss: number;
  gradient: Tensor;
  slope: Value;
}

const copyOf = (gradient: Tensor): Tensor => gradient.clone({ memory_format: contiguous_format });

/**
 * L-BFGS. A step evaluates the closure several times. There are no groups with options of their own.
 *
 * ```ts
 * const optimizer = new optim.LBFGS(model.parameters(), { line_search_fn: 'strong_wolfe' });
 * optimizer.step(() => {
 *   optimizer.zero_grad();
 *   const loss = criterion(model(input), target);
 *   loss.backward();
 *   return loss;
 * });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 *
 * @throws RangeError (ValueError) for a negative learning rate, and for several groups
 */
export class LBFGS extends Optimizer<LBFGSGroup> {
  static readonly signature = SIGNATURE.description;

  constructor(
    params: ParametersOrGroups<LBFGSGroup>,
    ...options: Arguments<
      LBFGSGroup,
      [
        'lr',
        'max_iter',
        'max_eval',
        'tolerance_grad',
        'tolerance_change',
        'history_size',
        'line_search_fn',
      ]
    >
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    check.rate(defaults);
    const max_eval = defaults.max_eval ?? Math.floor((defaults.max_iter * 5) / 4);
    super(params as ParametersOrGroups<LBFGSGroup>, { ...defaults, max_eval } as LBFGSGroup);
    if (this.param_groups.length === 1) return;
    throw valueError("LBFGS doesn't support per-parameter options (parameter groups)");
  }

  /**
   * Does a step whose closure may be asynchronous: only the arithmetic between its evaluations runs on the event loop.
   *
   * @param closure - computes the loss and its gradients anew
   * @param options - `{ signal }` cancels the step if it has not started
   * @returns the closure's first result, awaited
   */
  override stepAsync<Loss = undefined>(
    closure?: (() => Loss) | null,
    options?: AsyncOptions,
  ): Promise<Awaited<Loss>>;
  override stepAsync(options: AsyncOptions): Promise<undefined>;
  override async stepAsync(...given: unknown[]): Promise<unknown> {
    const [closure, { signal }] = asyncArguments(given);
    signal?.throwIfAborted();
    return this._between(closure, async (computes) => {
      const [advance, free] = this.#advancing(computes);
      let turn = advance(undefined);
      while (!turn.done) turn = advance(await (computes as () => unknown)());
      free();
      return turn.value;
    });
  }

  /** Returns what runs a step to the next evaluation of the closure, and what frees its temporary tensors. */
  #advancing(
    closure: unknown,
  ): [advance: (loss: unknown) => IteratorResult<void>, free: () => void] {
    const search = this.#search(closure);
    const temporaries = new Temporaries();
    return [
      (loss) => temporaries.during(() => withoutGrad(() => search.next(loss))),
      () => temporaries.free([...this.state.values()]),
    ];
  }

  protected override _isInt(name: string, value: number): boolean {
    return INTEGERS.includes(name) || (name === 'lr' && value === 1) || super._isInt(name, value);
  }

  get #params(): Tensor[] {
    return this.param_groups[0]!.params;
  }

  #flatGradient(): Tensor {
    const views = this.#params.map((parameter) => {
      const { grad, dtype, device } = parameter;
      if (!grad) return zeros([parameter.numel()], { dtype, device });
      const view = (grad.layout === sparse_coo ? toDense(grad) : grad).view(-1);
      return view.is_complex() ? viewAsReal(view).view(-1) : view;
    });
    const gradient = cat(views, 0);
    return this.#maximizes ? gradient.neg_() : gradient;
  }

  get #maximizes(): boolean {
    return this.param_groups[0]!.maximize ?? false;
  }

  /** Returns the closure's loss, or its negative if that is to be the greatest. */
  #lossOf(value: unknown): number {
    if (typeof value !== 'number' && !isTensor(value)) {
      throw typeError(
        `LBFGS.step(): closure must return the loss, a Tensor or a number, got ${describe(value)}`,
      );
    }
    const loss = numberOf(value as Value);
    return this.#maximizes ? -loss : loss;
  }

  #move(size: Value, direction: Tensor): void {
    let offset = 0;
    for (const each of this.#params) {
      const parameter = each.is_complex() ? viewAsReal(each) : each;
      const length = parameter.numel();
      const part = direction.narrow(0, offset, length).view(parameter.shape);
      parameter.add_(part, { alpha: scalar(size) });
      offset += length;
    }
  }

  protected override _steps(closure: unknown): unknown {
    const [advance, free] = this.#advancing(closure);
    let turn = advance(undefined);
    while (!turn.done) turn = advance(evaluate(closure));
    free();
    return turn.value;
  }

  /** The step. It yields when the closure is to be evaluated, and gets the result. */
  *#search(closure: unknown): Generator<void, unknown, unknown> {
    if (closure === null) {
      throw typeError("step(): missing 1 required positional argument: 'closure'");
    }
    if (this.#params.length === 0) {
      if (IS_SINCE_214) return yield;
      throw indexError('list index out of range');
    }
    const [group] = this.param_groups;
    const { max_iter, tolerance_grad, tolerance_change, line_search_fn, history_size } = group!;
    const max_eval = group!.max_eval!;
    const lr = flat(group!.lr);
    const state = this.stateOf(this.#params[0]!) as Partial<State>;
    state.func_evals ??= 0;
    state.n_iter ??= 0;

    const first = yield;
    let loss = this.#lossOf(first);
    let evaluations = 1;
    state.func_evals += 1;
    let gradient = this.#flatGradient();
    let isFlat = isAtMost(largest(gradient), tolerance_grad);
    if (isFlat) return first;

    let { d, t, prev_flat_grad } = state as State;
    let { old_dirs, old_stps, ro, H_diag, prev_loss } = state as State;
    for (let iteration = 1; iteration <= max_iter; iteration++) {
      state.n_iter += 1;
      if (state.n_iter === 1) {
        d = gradient.neg();
        [old_dirs, old_stps, ro, H_diag] = [[], [], [], 1];
      } else {
        const y = gradient.sub(prev_flat_grad);
        const s = d.mul(scalar(t));
        const ys = y.dot(s);
        if (isLess(1e-10, ys)) {
          if (old_dirs.length === history_size) {
            for (const list of [old_dirs, old_stps, ro]) list.shift();
          }
          old_dirs.push(y);
          old_stps.push(s);
          ro.push(over(1, ys));
          H_diag = ys.div(y.dot(y));
        }
        state.al ??= new Array<null>(history_size).fill(null);
        d = directionOf(gradient, old_dirs, old_stps, ro, H_diag, state.al);
      }
      if (prev_flat_grad) prev_flat_grad.copy_(gradient);
      else prev_flat_grad = copyOf(gradient);
      prev_loss = loss;

      t = state.n_iter === 1 ? times(smaller(1, over(1, sizeOf(gradient))), lr) : lr;
      const slope = gradient.dot(d);
      if (isLess(-tolerance_change, slope)) break;
      let evaluated = 0;
      if (line_search_fn !== null) {
        if (line_search_fn !== 'strong_wolfe')
          throw runtimeError("only 'strong_wolfe' is supported");
        const at = this.#evaluator(d);
        const start = { t: 0, loss, gradient, slope };
        const found = yield* strongWolfe(at, t, d, start, tolerance_change, max_eval - evaluations);
        [loss, gradient, t, evaluated] = [found.loss, found.gradient, found.t, found.evaluations];
        this.#move(t, d);
        isFlat = isAtMost(largest(gradient), tolerance_grad);
      } else {
        this.#move(t, d);
        if (iteration !== max_iter) {
          loss = this.#lossOf(yield);
          gradient = this.#flatGradient();
          isFlat = isAtMost(largest(gradient), tolerance_grad);
          evaluated = 1;
        }
      }
      evaluations += evaluated;
      state.func_evals += evaluated;
      if (iteration === max_iter || evaluations >= max_eval || isFlat) break;
      const moved = d.mul(scalar(t));
      const isNear = isAtMost(largest(moved), tolerance_change);
      moved.dispose();
      if (isNear) break;
      if (Math.abs(loss - prev_loss) < tolerance_change) break;
    }
    Object.assign(state, { d, t, old_dirs, old_stps, ro, H_diag, prev_flat_grad, prev_loss });
    return first;
  }

  /** Returns a function that evaluates the loss along a direction from the parameters as they are now. */
  #evaluator(direction: Tensor): Evaluator {
    const start = this.#params.map(copyOf);
    const evaluateAt = function* (this: LBFGS, t: Value): Generator<void, Point, unknown> {
      this.#move(t, direction);
      const loss = this.#lossOf(yield);
      const gradient = this.#flatGradient();
      for (const [index, parameter] of this.#params.entries()) parameter.copy_(start[index]!);
      return { t, loss, gradient, slope: gradient.dot(direction) };
    };
    return evaluateAt.bind(this);
  }
}

/** Evaluates the loss along a direction. */
type Evaluator = (t: Value) => Generator<void, Point, unknown>;

/** Returns the largest absolute value. */
const largest = (vector: Tensor): Tensor => freeing(() => vector.abs().max());

/** Returns the sum of absolute values. */
const sizeOf = (vector: Tensor): Tensor => freeing(() => vector.abs().sum());

/** Returns the direction of a step: the gradient times an approximation of the inverse Hessian, in two loops. */
function directionOf(
  gradient: Tensor,
  dirs: readonly Tensor[],
  steps: readonly Tensor[],
  ro: readonly Value[],
  H_diag: Value,
  al: (Tensor | null)[],
): Tensor {
  const q = gradient.neg();
  for (let i = dirs.length - 1; i >= 0; i--) {
    const factor = steps[i]!.dot(q).mul(scalar(ro[i]!));
    al[i] = factor;
    q.add_(dirs[i]!, { alpha: scalar(factor.neg()) });
  }
  const r = q.mul(scalar(H_diag));
  for (let i = 0; i < dirs.length; i++) {
    const factor = dirs[i]!.dot(r).mul(scalar(ro[i]!));
    r.add_(steps[i]!, { alpha: scalar(al[i]!.sub(factor)) });
  }
  return r;
}

type Bounds = readonly [least: Value, most: Value];

/** Returns the minimum of the cubic through two points with their slopes, within bounds. */
function cubicMinimum(
  { t: x1, loss: f1, slope: g1 }: Point,
  { t: x2, loss: f2, slope: g2 }: Point,
  bounds?: Bounds,
): Value {
  const isOrdered = isAtMost(x1, x2);
  const [least, most] = bounds ?? (isOrdered ? [x1, x2] : [x2, x1]);
  const d1 = minus(plus(g1, g2), over(3 * (f1 - f2), minus(x1, x2)));
  const square = minus(raised(d1, 2), times(g1, g2)) as Tensor;
  if (!isAtMost(0, square)) return over(plus(least, most), 2);
  const d2 = square.sqrt();
  const [a, b] = isOrdered ? [x1, x2] : [x2, x1];
  const [ga, gb] = isOrdered ? [g1, g2] : [g2, g1];
  const part = over(minus(plus(gb, d2), d1), plus(minus(gb, ga), times(2, d2)));
  const minimum = minus(b, times(minus(b, a), part));
  return smaller(larger(minimum, least), most);
}

const C1 = 1e-4;
const C2 = 0.9;

/** Returns a point along the direction that satisfies the strong Wolfe conditions, or the best that was found. */
function* strongWolfe(
  at: Evaluator,
  first: Value,
  direction: Tensor,
  given: Point,
  tolerance: number,
  most: number,
): Generator<void, Point & { evaluations: number }, unknown> {
  const size = largest(direction);
  const start = { ...given, gradient: copyOf(given.gradient) };
  const isTooHigh = ({ t, loss }: Point): boolean =>
    isLess(plus(start.loss, times(times(C1, t), start.slope)), loss);
  const isFlatEnough = ({ slope }: Point): boolean =>
    isAtMost(absolute(slope), times(-C2, start.slope));

  let evaluations = 1;
  let previous: Point = start;
  let current = yield* at(first);
  let bracket: Point[] | undefined;
  let done = false;
  let iteration = 0;
  while (iteration < most) {
    if (isTooHigh(current) || (iteration > 1 && current.loss >= previous.loss)) {
      bracket = [previous, current];
      break;
    }
    if (isFlatEnough(current)) {
      bracket = [current];
      done = true;
      break;
    }
    if (isAtMost(0, current.slope)) {
      bracket = [previous, current];
      break;
    }
    const least = plus(current.t, times(0.01, minus(current.t, previous.t)));
    const next = cubicMinimum(previous, current, [least, times(current.t, 10)]);
    previous = current;
    current = yield* at(next);
    evaluations++;
    iteration++;
  }
  if (iteration === most || !bracket) bracket = [start, current];

  let stalled = false;
  let low = bracket[0]!.loss <= bracket[bracket.length - 1]!.loss ? 0 : 1;
  while (!done && iteration < most) {
    const [a, b] = bracket as [Point, Point];
    if (isLess(times(absolute(minus(b.t, a.t)), size), tolerance)) break;
    let t = cubicMinimum(a, b);
    const [end, begin] = [larger(a.t, b.t), smaller(a.t, b.t)];
    const margin = times(0.1, minus(end, begin));
    if (isLess(smaller(minus(end, t), minus(t, begin)), margin)) {
      if (stalled || isAtMost(end, t) || isAtMost(t, begin)) {
        const isNearEnd = isLess(absolute(minus(t, end)), absolute(minus(t, begin)));
        t = isNearEnd ? minus(end, margin) : plus(begin, margin);
        stalled = false;
      } else {
        stalled = true;
      }
    } else {
      stalled = false;
    }
    current = yield* at(t);
    evaluations++;
    iteration++;
    const high = 1 - low;
    if (isTooHigh(current) || current.loss >= bracket[low]!.loss) {
      bracket[high] = current;
      low = bracket[0]!.loss <= bracket[1]!.loss ? 0 : 1;
    } else {
      if (isFlatEnough(current)) done = true;
      else if (isAtMost(0, times(current.slope, minus(bracket[high]!.t, bracket[low]!.t)))) {
        bracket[high] = bracket[low]!;
      }
      bracket[low] = current;
    }
  }
  return { ...bracket[low]!, evaluations };
}
