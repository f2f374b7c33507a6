/** Scales losses, so that float16 can represent small gradients. Source: torch/amp/grad_scaler.py. */

import { createError, runtimeError, typeError, valueError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { native } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { describe, isOptions } from '../dispatch/arguments';
import { BOOL, FLOAT, INT, optional, Signature, STRING } from '../dispatch/signature';
import { keptState, type StateKeeper, usesState } from '../memory/state';
import { op, withoutGrad } from '../nn/ops';
import { Optimizer } from '../optim/optimizer';
import type { Device } from '../tensor/device';
import { float32, int32 } from '../tensor/dtype';
import { full } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import { type AnyOptimizer, Replicas, unscaleGradients } from './unscale';

export interface GradScalerOptions {
  /** The initial scale. Default: 65536. */
  init_scale?: number;
  /** The factor by which the scale grows after `growth_interval` steps without inf or NaN. Default: 2. */
  growth_factor?: number;
  /** The factor by which the scale shrinks after a step with inf or NaN. Default: 0.5. */
  backoff_factor?: number;
  /** Default: 2000. */
  growth_interval?: number;
  /** Whether scaling is enabled. If false, {@link GradScaler.step} only calls the optimizer's step. Default: true. */
  enabled?: boolean;
}

/** {@link GradScalerOptions} as positional arguments. */
export type ScalerArguments = [
  init_scale?: number,
  growth_factor?: number,
  backoff_factor?: number,
  growth_interval?: number,
  enabled?: boolean,
];

/** The result of {@link GradScaler.state_dict}, if scaling is enabled. */
export interface GradScalerState {
  scale: number;
  growth_factor: number;
  backoff_factor: number;
  growth_interval: number;
  _growth_tracker: number;
}

/** The parameters of every scaler, except the device. */
export const SCALER_OPTIONS = {
  init_scale: optional(FLOAT, 2 ** 16),
  growth_factor: optional(FLOAT, 2),
  backoff_factor: optional(FLOAT, 0.5),
  growth_interval: optional(INT, 2000),
  enabled: optional(BOOL, true),
};

const SIGNATURE = new Signature('GradScaler', {
  device: optional(STRING, 'cuda'),
  ...SCALER_OPTIONS,
});

const updateScale =
  op<
    (
      scale: Tensor,
      growth_tracker: Tensor,
      found_inf: Tensor,
      growth_factor: number,
      backoff_factor: number,
      growth_interval: number,
    ) => Tensor
  >('_amp_update_scale_');

const assertion = (message: string): Error => createError('AssertionError', message);

type Scalable = Tensor | Iterable<Scalable>;

function checkOptimizer(method: string, optimizer: unknown): void {
  if (optimizer instanceof Optimizer) return;
  throw typeError(
    `GradScaler.${method}(): argument 'optimizer' must be an Optimizer, got ${describe(optimizer)}`,
  );
}

/** The stage of an optimizer since the last update, and whether its gradients contained inf or NaN, by device. */
interface Progress {
  stage: 'ready' | 'unscaled' | 'stepped';
  found: ReadonlyMap<string, Tensor>;
}

/**
 * Scales losses, so that small gradients do not vanish in float16, and skips steps whose gradients overflowed.
 *
 * ```ts
 * const scaler = new torch.amp.GradScaler('cuda');
 * const loss = torch.autocast('cuda', () => criterion(model(input), target));
 * scaler.scale(loss).backward();
 * scaler.step(optimizer);
 * scaler.update();
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/amp.html#torch.amp.GradScaler
 *
 * @throws TorchError (AssertionError) unless the growth factor is above 1 and the backoff factor is below 1
 */
export class GradScaler implements StateKeeper {
  static readonly signature = SIGNATURE.description;
  #enabled: boolean;
  readonly #device: string;
  #initialScale: number;
  #growthFactor: number;
  #backoffFactor: number;
  #growthInterval: number;
  #initialTracker = 0;
  #scale: Tensor | null = null;
  #tracker: Tensor | null = null;
  #progress = new Map<AnyOptimizer, Progress>();

  constructor(device: string, ...scaler: ScalerArguments);
  constructor(device?: string, options?: GradScalerOptions);
  constructor(options?: GradScalerOptions & { device?: string });
  constructor(...args: unknown[]) {
    const given = SIGNATURE.read(args);
    this.#device = given.device;
    this.#enabled = given.enabled && isUsable(given.device);
    if (this.#enabled && given.growth_factor <= 1) {
      throw assertion('The growth factor must be > 1.0.');
    }
    if (this.#enabled && given.backoff_factor >= 1) {
      throw assertion('The backoff factor must be < 1.0.');
    }
    this.#initialScale = given.init_scale;
    this.#growthFactor = given.growth_factor;
    this.#backoffFactor = given.backoff_factor;
    this.#growthInterval = given.growth_interval;
  }

  /**
   * Multiplies a tensor, or nested lists of tensors, by the scale. Returns the products.
   *
   * @throws RangeError (ValueError) for any other value
   */
  scale(outputs: Tensor): Tensor;
  scale(outputs: Iterable<Scalable>): Scalable[];
  scale(outputs: Scalable): Scalable {
    if (!this.#enabled) return outputs;
    if (isTensor(outputs)) {
      const { device } = outputs as Tensor;
      const scale = this.#scale ?? this.#start(device);
      return (outputs as Tensor).mul(scale.to(device, { non_blocking: true }));
    }
    let replicas: Replicas | undefined;
    const scaled = (value: Scalable): Scalable => {
      if (isTensor(value)) {
        const { device } = value as Tensor;
        replicas ??= new Replicas(this.#scale ?? this.#start(device));
        return (value as Tensor).mul(replicas.on(device));
      }
      if (typeof value === 'string' || !isIterable(value)) {
        throw valueError('outputs must be a Tensor or an iterable of Tensors');
      }
      return Array.from(value, scaled);
    };
    return scaled(outputs);
  }

  /** @internal */
  [keptState](): readonly unknown[] {
    const found = [...this.#progress.values()].map((progress) => progress.found);
    return [this.#scale, this.#tracker, found];
  }

  #start(device: Device): Tensor {
    usesState(this);
    this.#scale = full([], this.#initialScale, { dtype: float32, device });
    this.#tracker = full([], this.#initialTracker, { dtype: int32, device });
    return this.#scale;
  }

  #started(caller: string): { scale: Tensor; tracker: Tensor } {
    if (this.#scale && this.#tracker) return { scale: this.#scale, tracker: this.#tracker };
    throw assertion(
      `Attempted ${caller} but _scale is None.  This may indicate your script did not use scaler.scale(loss or ` +
        'outputs) earlier in the iteration.',
    );
  }

  #progressOf(optimizer: AnyOptimizer): Progress {
    usesState(this);
    let progress = this.#progress.get(optimizer);
    if (!progress) this.#progress.set(optimizer, (progress = { stage: 'ready', found: new Map() }));
    return progress;
  }

  /**
   * Divides an optimizer's gradients by the scale. Call it before gradients are read or clipped; otherwise {@link step}
   * does it.
   *
   * @throws TorchError (RuntimeError) if it is called twice before {@link update}; RangeError (ValueError) for float16
   *   gradients
   */
  unscale_(optimizer: AnyOptimizer): void {
    checkOptimizer('unscale_', optimizer);
    if (!this.#enabled) return;
    const { scale } = this.#started('unscale_');
    const progress = this.#progressOf(optimizer);
    if (progress.stage === 'unscaled') {
      throw runtimeError(
        'unscale_() has already been called on this optimizer since the last update().',
      );
    }
    if (progress.stage === 'stepped') {
      throw runtimeError('unscale_() is being called after step().');
    }
    // Computed in float64, since the reciprocal of a large scale may not be a normal float32.
    const inverse = scale.double().reciprocal().float();
    const found = full([], 0, { dtype: float32, device: scale.device });
    progress.found = withoutGrad(() => unscaleGradients(optimizer, inverse, found));
    progress.stage = 'unscaled';
  }

  /**
   * Divides the gradients by the scale, and calls the optimizer's step unless they contain inf or NaN.
   *
   * @returns the result of the optimizer's step, or undefined if it was skipped
   * @throws TorchError (RuntimeError) if it is called twice before {@link update}, or with a closure
   */
  step(optimizer: AnyOptimizer, closure?: () => unknown): unknown {
    checkOptimizer('step', optimizer);
    if (!this.#enabled) return closure ? optimizer.step(closure) : optimizer.step();
    if (closure !== undefined) {
      throw runtimeError('Closure use is not currently supported if GradScaler is enabled.');
    }
    this.#started('step');
    const progress = this.#progressOf(optimizer);
    if (progress.stage === 'stepped') {
      throw runtimeError('step() has already been called since the last update().');
    }
    if (optimizer._step_supports_amp_scaling) return this.#stepScaled(optimizer, progress);
    if (progress.stage === 'ready') this.unscale_(optimizer);
    if (progress.found.size === 0) {
      throw assertion('No inf checks were recorded for this optimizer.');
    }
    const overflowed = [...progress.found.values()].some((found) => found.item() !== 0);
    const result = overflowed ? undefined : optimizer.step();
    progress.stage = 'stepped';
    return result;
  }

  /** Calls the step of an optimizer whose kernels divide by the scale, and skip the step, themselves. */
  #stepScaled(optimizer: AnyOptimizer, progress: Progress): unknown {
    const { scale } = this.#started('step');
    const { device } = scale;
    const isUnscaled = progress.stage === 'unscaled';
    if (!isUnscaled) progress.found = this.#findInf(optimizer, scale);
    const [first, ...others] = [...progress.found.values()].map((found) => found.to(device));
    const own = optimizer.grad_scale;
    optimizer.grad_scale = isUnscaled ? own : own === null ? scale.mul(1) : scale.mul(own);
    optimizer.found_inf = first ? others.reduce((sum, found) => sum.add(found), first) : null;
    const result = optimizer.step();
    progress.stage = 'stepped';
    optimizer.grad_scale = null;
    optimizer.found_inf = null;
    return result;
  }

  #findInf(optimizer: AnyOptimizer, scale: Tensor): ReadonlyMap<string, Tensor> {
    const { device } = scale;
    const [one, found] = [1, 0].map((value) => full([], value, { dtype: float32, device }));
    return withoutGrad(() => unscaleGradients(optimizer, one!, found!, true));
  }

  /**
   * Shrinks the scale if a step was skipped, and lets it grow after `growth_interval` steps that were not. With an
   * argument, sets the scale.
   *
   * @throws TorchError (AssertionError) if no optimizer made a step
   */
  update(new_scale?: number | Tensor | null): void {
    if (!this.#enabled) return;
    const { scale, tracker } = this.#started('update');
    if (new_scale !== undefined && new_scale !== null) this.#set(scale, new_scale);
    else this.#adapt(scale, tracker);
    this.#progress = new Map();
  }

  #set(scale: Tensor, value: number | Tensor): void {
    if (typeof value === 'number') {
      scale.fill_(value);
      return;
    }
    if (!isTensor(value)) {
      throw valueError(`update(): new_scale must be a number or a Tensor, got ${describe(value)}`);
    }
    if (value.device.type !== this.#device || value.numel() !== 1 || value.requires_grad) {
      throw assertion(
        'new_scale should be a float or a 1-element torch.cuda.FloatTensor or torch.FloatTensor with ' +
          'requires_grad=False.',
      );
    }
    scale.copy_(value);
  }

  #adapt(scale: Tensor, tracker: Tensor): void {
    const { device } = scale;
    const [first, ...others] = [...this.#progress.values()]
      .flatMap(({ found }) => [...found.values()])
      .map((found) => found.to(device, { non_blocking: true }));
    if (!first) throw assertion('No inf checks were recorded prior to update.');
    for (const other of others) first.add_(other);
    updateScale(
      scale,
      tracker,
      first,
      this.#growthFactor,
      this.#backoffFactor,
      this.#growthInterval,
    );
  }

  /** Returns the scale, or 1 if scaling is not enabled. On CUDA, it waits for the device. */
  get_scale(): number {
    if (!this.#enabled) return 1;
    return this.#scale ? this.#scale.item() : this.#initialScale;
  }

  get_growth_factor(): number {
    return this.#growthFactor;
  }

  set_growth_factor(new_factor: number): void {
    this.#growthFactor = number('set_growth_factor', 'new_factor', new_factor);
  }

  get_backoff_factor(): number {
    return this.#backoffFactor;
  }

  set_backoff_factor(new_factor: number): void {
    this.#backoffFactor = number('set_backoff_factor', 'new_factor', new_factor);
  }

  get_growth_interval(): number {
    return this.#growthInterval;
  }

  set_growth_interval(new_interval: number): void {
    this.#growthInterval = number('set_growth_interval', 'new_interval', new_interval);
  }

  is_enabled(): boolean {
    return this.#enabled;
  }

  /** Returns the state for a checkpoint. Call it after {@link update}. It is empty if scaling is not enabled. */
  state_dict(): GradScalerState | Record<string, never> {
    if (!this.#enabled) return {};
    return {
      scale: this.get_scale(),
      growth_factor: this.#growthFactor,
      backoff_factor: this.#backoffFactor,
      growth_interval: this.#growthInterval,
      _growth_tracker: this.#tracker ? this.#tracker.item() : this.#initialTracker,
    };
  }

  /**
   * Restores a state that {@link GradScaler.state_dict} returned.
   *
   * @throws TorchError (RuntimeError) for the state of a scaler that was not enabled; TorchError (KeyError) if a key is
   *   missing
   */
  load_state_dict(state_dict: GradScalerState | Record<string, never>): void {
    if (!this.#enabled) return;
    if (!isOptions(state_dict)) {
      throw typeError(
        `GradScaler.load_state_dict(): state_dict must be a plain object, got ${describe(state_dict)}`,
      );
    }
    if (Object.keys(state_dict).length === 0) {
      throw runtimeError(
        'The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler.',
      );
    }
    const state = stateOf(state_dict);
    this.#initialScale = state.scale;
    this.#scale?.fill_(state.scale);
    this.#growthFactor = state.growth_factor;
    this.#backoffFactor = state.backoff_factor;
    this.#growthInterval = state.growth_interval;
    this.#initialTracker = state._growth_tracker;
    this.#tracker?.fill_(state._growth_tracker);
  }
}

const isIterable = (value: unknown): value is Iterable<Scalable> =>
  typeof (value as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function';

function number(method: string, name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw typeError(`GradScaler.${method}(): ${name} must be a number, got ${describe(value)}`);
}

function stateOf(given: Readonly<Record<string, unknown>>): GradScalerState {
  const names = ['scale', 'growth_factor', 'backoff_factor', 'growth_interval', '_growth_tracker'];
  const entries = names.map((name) => {
    if (!(name in given)) throw createError('KeyError', `'${name}'`);
    return [name, number('load_state_dict', name, given[name])] as const;
  });
  return Object.fromEntries(entries) as unknown as GradScalerState;
}

function isUsable(device: string): boolean {
  if (device !== 'cuda' || native.has_cuda()) return true;
  warn(
    'torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.',
    'UserWarning',
    'user',
  );
  return false;
}
