/** `torch.nn.parallel.DistributedDataParallel`. Source: torch/nn/parallel/distributed.py. */
import { runtimeError, typeError, valueError } from '../../bindings/errors';
import { type Handle, handleOf, isTensor } from '../../bindings/handle';
import { type AsyncOptions, splitSignal } from '../../bindings/jobs';
import { type NativeReducer, native } from '../../bindings/native';
import { wrap } from '../../bindings/wrap';
import { describe, fail } from '../../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  FUNCTION,
  optional,
  required,
  Signature,
  typeOf,
} from '../../dispatch/signature';
import { builtIn, type CommHook } from '../../distributed/algorithms/default_hooks';
import { Join, type Joinable, type JoinConfig, JoinHook } from '../../distributed/algorithms/join';
import { afterSequence } from '../../distributed/launch';
import { defaultGroup, type Group, ProcessGroup } from '../../distributed/process_group';
import type { Device } from '../../tensor/device';
import type { Tensor } from '../../tensor/tensor';
import { mapped } from '../../utils/data/_utils/containers';
import { cuda } from '../../version';
import { MODULE, Module } from '../modules/module';
import { withModes } from '../modules/replay';
import { Embedding, EmbeddingBag } from '../modules/sparse';
import { SyncBatchNorm } from '../modules/syncbatchnorm';
import type { Parameter } from '../parameter';
import { bucketsOf, limitsOf } from './buckets';
import { nativeHook } from './comm_hook';
import { devicesOf } from './devices';
import { type DistributedDataParallelOptions, SIGNATURE, type Values, warnOf } from './options';

/** Options of {@link DistributedDataParallel.join}. */
export interface JoinArguments {
  divide_by_initial_world_size?: boolean;
  enable?: boolean;
  throw_on_early_termination?: boolean;
}

const REGISTER = new Signature('register_comm_hook', {
  state: required(ANYTHING),
  hook: required(FUNCTION),
});
const JOIN = new Signature('join', {
  run: required(FUNCTION),
  divide_by_initial_world_size: optional(BOOL, true),
  enable: optional(BOOL, true),
  throw_on_early_termination: optional(BOOL, false),
});
const JOIN_HOOK = new Signature('join_hook', {
  divide_by_initial_world_size: optional(BOOL, true),
});

const IGNORE = new Signature('_set_params_and_buffers_to_ignore_for_model', {
  module: required(MODULE),
  params_and_buffers_to_ignore: required(
    typeOf<readonly string[]>(
      'an array of strings',
      (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
    ),
  ),
});

const SECRET = Symbol('DistributedDataParallel');

// biome-ignore lint/suspicious/noExplicitAny: a module of any kind
type AnyModule = Module<any[], any>;

/** The result of a module's forward, awaited. */
type Output<M extends AnyModule> = Awaited<ReturnType<M['forward']>>;

/**
 * Trains one module in several processes. Each has its own copy and its part of the data; the backward pass averages the
 * gradients of all processes, so that their copies stay equal.
 *
 * ```ts
 * await torch.distributed.init_process_group('gloo');
 * const model = await nn.parallel.DistributedDataParallel.create(new nn.Linear(4, 2));
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * for await (const [input, target] of loader) {
 *   optimizer.zero_grad();
 *   const loss = criterion(await model(input), target);
 *   await loss.backwardAsync();
 *   optimizer.step();
 * }
 * ```
 *
 * A call of the model is a promise: it may wait for buffers of the first process. It computes on this thread; {@link
 * forwardAsync} does not. `backwardAsync` waits for the other processes off the event loop and beside other jobs.
 * `backward` gives the same gradients, and blocks the event loop meanwhile.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html
 */
export class DistributedDataParallel<M extends AnyModule = AnyModule>
  extends Module<
    Parameters<M['forward']>,
    // biome-ignore lint/suspicious/noExplicitAny: forward returns a promise, and forwardAsync the same one
    any
  >
  implements Joinable
{
  static readonly signature = SIGNATURE.description;
  declare readonly module: M;
  readonly process_group: ProcessGroup;
  readonly device: Device;
  readonly device_type: string;
  readonly device_ids: readonly number[] | null;
  readonly output_device: number | null;
  readonly dim: number;
  readonly is_multi_device_module: boolean;
  readonly find_unused_parameters: boolean;
  readonly gradient_as_bucket_view: boolean;
  readonly batched_grad_copy: boolean;
  readonly static_graph: boolean;
  readonly skip_all_reduce_unused_params: boolean;
  readonly parameters_to_ignore: ReadonlySet<string>;
  /** Whether each forward begins with the buffers of the first process. */
  forward_sync_buffers: boolean;
  /** Whether the next backward pass averages gradients. {@link no_sync} clears it for a while. */
  require_backward_grad_sync = true;
  /** Whether the next forward synchronizes buffers: not after one in {@link no_sync}. */
  require_forward_param_sync = true;
  /** @internal Set by Join. */
  _join_config: JoinConfig | undefined = undefined;
  #dividesByInitialSize = true;
  #reducer!: NativeReducer;

  /** @internal Use {@link create}. */
  constructor(values: Values, secret: typeof SECRET) {
    if (secret !== SECRET) {
      throw typeError(
        'DistributedDataParallel() waits for the other processes: use await DistributedDataParallel.create(module, options)',
      );
    }
    super();
    const { module } = values;
    this.process_group = groupOf(values.process_group);
    const ignored = (module as { _ddp_params_and_buffers_to_ignore?: Iterable<string> })
      ._ddp_params_and_buffers_to_ignore;
    this.parameters_to_ignore = new Set(ignored ?? []);
    const parameters = Array.from(module.named_parameters())
      .filter(([name]) => !this.parameters_to_ignore.has(name))
      .map(([, parameter]) => parameter);
    if (!parameters.some(({ requires_grad }) => requires_grad)) {
      throw runtimeError(
        "DistributedDataParallel is not needed when a module doesn't have any parameter that requires a gradient.",
      );
    }
    const places = devicesOf(parameters, values);
    this.device = parameters[0]!.device;
    this.device_type = this.device.type;
    this.is_multi_device_module = places.isMultiDevice;
    this.device_ids = places.device_ids;
    this.output_device = places.output_device;
    this.dim = values.dim;
    this.find_unused_parameters = values.find_unused_parameters;
    this.gradient_as_bucket_view = values.gradient_as_bucket_view;
    this.batched_grad_copy = values.batched_grad_copy;
    this.skip_all_reduce_unused_params = values.skip_all_reduce_unused_params;
    this.static_graph = values.static_graph;
    this.forward_sync_buffers = values.forward_sync_buffers ?? values.broadcast_buffers ?? true;
    this.register_module('module', module);
    warnOf(values);
  }

  /**
   * Makes a model of a module in all processes of the group: checks that its parameters have the same shapes, and gives
   * them the values of the first process.
   *
   * @throws TorchError (RuntimeError) without a parameter that requires a gradient, or for parameters of different
   *   shapes; RangeError (ValueError) for wrong devices
   */
  static create<M extends AnyModule>(
    module: M,
    options?: DistributedDataParallelOptions,
  ): Promise<DistributedDataParallel<M>>;
  static async create(...args: unknown[]): Promise<DistributedDataParallel> {
    const values = SIGNATURE.read(args);
    const model = new DistributedDataParallel(values, SECRET);
    await model.#start(values);
    return model;
  }

  async #start(values: Values): Promise<void> {
    const reduced = this.#reduced();
    const parameters = reduced.map(({ parameter }) => handleOf(parameter)!);
    const group = this.process_group.native;
    if (values.init_sync) {
      const buffersToo = values.forward_sync_buffers !== null || this.forward_sync_buffers;
      const states = this.#states(buffersToo);
      await afterSequence(() => native.dist_synchronize_model(group, parameters, states));
    }
    const buckets = bucketsOf(values.bucket_cap_mb, values.bucket_cap_mb_list);
    const findsUnused = this.find_unused_parameters && !this.static_graph;
    this.#reducer = native.dist_new_reducer(
      group,
      parameters,
      reduced.map(({ name }) => name),
      reduced.map(({ isSparse }) => isSparse),
      ...splitLimits(limitsOf(buckets, findsUnused), buckets.bytes, buckets.firstBytes),
      this.find_unused_parameters,
      this.gradient_as_bucket_view,
      this.skip_all_reduce_unused_params,
      this.batched_grad_copy,
      this.static_graph,
    );
    if (this.device_type !== 'cpu') return;
    for (const layer of this.module.modules()) {
      if (!(layer instanceof SyncBatchNorm)) continue;
      throw valueError('SyncBatchNorm layers only work with GPU modules');
    }
  }

  /** Returns the parameters whose gradients are combined, each once. */
  #reduced(): { name: string; parameter: Parameter; isSparse: boolean }[] {
    const found = new Map<Parameter, { name: string; parameter: Parameter; isSparse: boolean }>();
    for (const [prefix, module] of this.module.named_modules()) {
      for (const [last, parameter] of module.named_parameters({ recurse: false })) {
        const name = `${prefix}.${last}`;
        if (!parameter.requires_grad || this.parameters_to_ignore.has(name)) continue;
        const isTable = module instanceof Embedding || module instanceof EmbeddingBag;
        const isSparse = isTable && module.sparse;
        // A shared parameter has the last of its names, and the gradient of the first.
        found.set(parameter, { isSparse, ...found.get(parameter), name, parameter });
      }
    }
    return [...found.values()];
  }

  /** Returns the parameters, and the buffers if wanted, but for those to ignore. */
  #states(buffersToo: boolean): Handle[] {
    return [...this.module.named_parameters(), ...(buffersToo ? this.#buffers() : [])]
      .filter(([name]) => !this.parameters_to_ignore.has(name))
      .map(([, tensor]) => handleOf(tensor)!);
  }

  /** Returns the buffers that the next forward synchronizes. */
  #synchronizedBuffers(): Handle[] {
    if (!this.require_forward_param_sync || !this.forward_sync_buffers) return [];
    return this.#buffers().map(([, buffer]) => handleOf(buffer)!);
  }

  #buffers(): [string, Tensor][] {
    return Array.from(this.module.named_buffers()).filter(
      ([name]) => !this.parameters_to_ignore.has(name),
    );
  }

  /** The former name of {@link forward_sync_buffers}. */
  get broadcast_buffers(): boolean {
    return this.forward_sync_buffers;
  }

  set broadcast_buffers(value: boolean) {
    this.forward_sync_buffers = value;
  }

  /**
   * Computes the module's result, after this process has what it needs of the others.
   *
   * Grad mode and autocast are those of the call. Calls and backward passes must come in the same order in all
   * processes.
   */
  override forward(...inputs: Parameters<M['forward']>): Promise<Output<M>> {
    return this.#run(() => this.module(...this.#moved(inputs)));
  }

  /** Computes the module's result off the event loop. Takes the arguments of its `forwardAsync`. */
  override forwardAsync(
    ...args: [...inputs: Parameters<M['forward']>, options?: AsyncOptions]
  ): Promise<Output<M>> {
    const [, { signal }] = splitSignal(args);
    if (signal?.aborted) return Promise.reject(signal.reason);
    return this.#run(() => this.module.forwardAsync(...this.#moved(args)));
  }

  /** Returns arguments whose tensors are on the one device of `device_ids`. */
  #moved<T>(args: T): T {
    if (this.device_ids === null) return args;
    const device = `${this.device_type}:${this.device_ids[0]}`;
    return mapTensors(args, (tensor) => tensor.to(device)) as T;
  }

  async #run(compute: () => unknown): Promise<Output<M>> {
    const modes = native.capture_modes();
    const synchronizes = native.is_grad_enabled() && this.require_backward_grad_sync;
    const buffers = this.#synchronizedBuffers();
    this.require_forward_param_sync = synchronizes;
    await afterSequence(() => this.#beforeForward(buffers, synchronizes));
    const output = await withModes(modes, compute);
    return withModes(modes, () => this.#prepareBackward(output, synchronizes)) as Output<M>;
  }

  #beforeForward(buffers: readonly Handle[], synchronizes: boolean): Promise<void> {
    const { native: group } = this.process_group;
    const config = this._join_config;
    if (!config?.enable) {
      return native.dist_before_forward(this.#reducer, group, buffers, synchronizes);
    }
    return native.dist_join_before_forward(
      this.#reducer,
      group,
      this.device.name,
      buffers,
      this.require_backward_grad_sync,
      config.is_first_joinable,
      config.throw_on_early_termination,
      this.#dividesByInitialSize,
    );
  }

  #prepareBackward(output: unknown, synchronizes: boolean): unknown {
    const findsUnused = this.find_unused_parameters && !this.static_graph;
    const delays = this.static_graph && native.dist_delays(this.#reducer);
    const tensors = findsUnused || delays ? tensorsOf(output) : [];
    if (synchronizes) {
      native.dist_after_forward(this.#reducer, findsUnused ? tensors.map(liveHandle) : []);
    }
    const recorded = tensors.filter(({ grad_fn }) => grad_fn !== null);
    if (recorded.length === 0) return output;
    const passed = native.dist_sink(this.#reducer, recorded.map(liveHandle));
    const replaced = new Map(recorded.map((tensor, index) => [tensor, wrap(passed[index]!)]));
    return mapTensors(output, (tensor) => replaced.get(tensor) ?? tensor);
  }

  /**
   * Runs a function in which backward passes only accumulate gradients, without averaging them. The first backward pass
   * after it averages what has accumulated. The calls of the model must be in the function, too.
   *
   * ```ts
   * await model.no_sync(async () => {
   *   await criterion(await model(first), target).backwardAsync();
   * });
   * await criterion(await model(second), target).backwardAsync();
   * ```
   *
   * @returns what the function returns, awaited
   */
  async no_sync<T>(run: () => T): Promise<Awaited<T>> {
    if (typeof run !== 'function') {
      throw fail(
        { name: 'no_sync', parameters: [] },
        `takes a function to run, got ${describe(run)}`,
      );
    }
    const before = this.require_backward_grad_sync;
    this.require_backward_grad_sync = false;
    try {
      return await run();
    } finally {
      this.require_backward_grad_sync = before;
    }
  }

  /**
   * Sets how gradients are combined. Call it once, before the first backward pass.
   *
   * ```ts
   * model.register_comm_hook(null, async (state, bucket) => {
   *   const sent = bucket.buffer().div(dist.get_world_size());
   *   await dist.all_reduce(sent);
   *   return sent;
   * });
   * ```
   *
   * A hook of your own runs on the event loop while the backward pass waits for it. So it needs `backwardAsync`, and
   * `backward` throws.
   *
   * See https://docs.pytorch.org/docs/stable/ddp_comm_hooks.html
   *
   * @param state - what the hook gets. For those of `torch.distributed.algorithms.ddp_comm_hooks.default_hooks` it is the
   *   processes whose gradients are averaged, and null is the default group
   * @throws TorchError (RuntimeError) if there is a hook; TypeError for the hooks in bfloat16 without a CUDA build
   */
  register_comm_hook<State>(state: State, hook: CommHook<State>): void;
  register_comm_hook(...args: unknown[]): void {
    const values = REGISTER.read(args);
    const { state } = values;
    const hook = values.hook as CommHook;
    // Python asks for what torch was built with, whichever the device and backend.
    if (/^bf16_compress_(wrapper_)?hook$/.test(hook.name) && cuda === null) {
      throw typeError(
        'BF16 all reduce communication hook required CUDA 11+ and NCCL 2.10+ or XPU and XCCL',
      );
    }
    const dtype = builtIn.get(hook);
    if (dtype === undefined) {
      const parameters = this.#reduced().map(({ parameter }) => parameter);
      native.dist_register_javascript_hook(this.#reducer, nativeHook(hook, state, parameters));
      return;
    }
    if (state !== null && !(state instanceof ProcessGroup)) {
      throw fail(
        { name: 'register_comm_hook', parameters: [] },
        `argument 'state' of ${hook.name} must be a ProcessGroup or null, got ${describe(state)}`,
      );
    }
    const group = (state ?? defaultGroup()).native;
    native.dist_register_hook(this.#reducer, group, dtype?.code ?? null);
  }

  /**
   * Runs a function that trains with this process's inputs, of which other processes may have more or fewer. A process
   * whose inputs have ended takes part in the others' collectives with gradients of zero. At the end all get the model
   * of one that ended last. {@link Join} does the same for several objects.
   *
   * ```ts
   * await model.join(async () => {
   *   for (const input of inputs) {
   *     await (await model(input)).sum().backwardAsync();
   *   }
   * });
   * ```
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html#torch.nn.parallel.DistributedDataParallel.join
   *
   * @param options.divide_by_initial_world_size - whether gradients are divided by the number of all processes, or of those
   *   that have inputs. Default: true
   * @param options.enable - whether inputs may be uneven. Default: true
   * @param options.throw_on_early_termination - whether all throw when the inputs of one have ended. Default: false
   * @returns what the function returns, awaited
   */
  join<T>(run: () => T, options?: JoinArguments): Promise<Awaited<T>>;
  async join(...args: unknown[]): Promise<unknown> {
    const { run, ...options } = JOIN.read(args);
    return new Join([this], options).run(run as () => unknown);
  }

  /** Returns what this process does after its inputs have ended, for {@link Join}. */
  join_hook(kwargs: Readonly<Record<string, unknown>>): JoinHook;
  join_hook(...args: unknown[]): JoinHook {
    const [kwargs] = args as [Record<string, unknown>?];
    const name = 'divide_by_initial_world_size';
    const own = kwargs && Object.hasOwn(kwargs, name) ? { [name]: kwargs[name] } : {};
    this.#dividesByInitialSize = JOIN_HOOK.read([own]).divide_by_initial_world_size;
    const hook = new JoinHook();
    hook.main_hook = () => this.#shadow();
    hook.post_hook = (isLast) => this.#finishJoin(isLast);
    return hook;
  }

  get join_device(): Device {
    return this.device;
  }

  get join_process_group(): ProcessGroup {
    return this.process_group;
  }

  /** Takes part in the others' forward and backward pass. */
  async #shadow(): Promise<void> {
    this.require_forward_param_sync = await afterSequence(() =>
      native.dist_join_shadow(
        this.#reducer,
        this.process_group.native,
        this.device.name,
        this.#synchronizedBuffers(),
        this.find_unused_parameters,
      ),
    );
  }

  async #finishJoin(isLast: boolean): Promise<void> {
    const states = this.#states(this.forward_sync_buffers);
    const { native: group } = this.process_group;
    await afterSequence(() => native.dist_join_finish(group, this.device.name, states, isLast));
  }

  /** Names parameters and buffers that no DistributedDataParallel of the module synchronizes. */
  static _set_params_and_buffers_to_ignore_for_model(
    module: Module,
    params_and_buffers_to_ignore: readonly string[],
  ): void;
  static _set_params_and_buffers_to_ignore_for_model(...args: unknown[]): void {
    const { module, params_and_buffers_to_ignore: names } = IGNORE.read(args);
    Object.assign(module, { _ddp_params_and_buffers_to_ignore: [...names] });
  }

  /** @throws TorchError (RuntimeError) always: copy the module */
  override __deepcopy__(): never {
    throw runtimeError('a DistributedDataParallel cannot be copied: copy its module');
  }
}

function groupOf(given: Group | null): ProcessGroup {
  const group = given ?? defaultGroup();
  if (group instanceof ProcessGroup) return group;
  throw valueError('Invalid process group specified');
}

type Limits = ReturnType<typeof limitsOf>;

const splitLimits = (
  [first, rebuilt]: Limits,
  bytes: number,
  firstBytes: number,
): [Limits[0], number, number, Limits[1]] => [first, bytes, firstBytes, rebuilt];

const liveHandle = (tensor: Tensor): Handle => handleOf(tensor)!;

/** Returns the tensors in arrays, plain objects and Maps. */
function tensorsOf(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  const visit = (each: unknown): void => {
    if (isTensor(each)) found.push(each as Tensor);
    else mapped(each, visit);
  };
  visit(value);
  return found;
}

function mapTensors(value: unknown, map: (tensor: Tensor) => Tensor): unknown {
  if (isTensor(value)) return map(value as Tensor);
  return mapped(value, (each) => mapTensors(each, map)) ?? value;
}
