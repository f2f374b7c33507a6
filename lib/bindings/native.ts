/**
 * The one door to C++: everything native/addon.cc exports, typed.
 *
 * A tensor crosses as its {@link Handle}, a number; a result that is a tensor is a new handle, which the caller must
 * wrap at once. Arguments are checked here by type only; what users see is checked before, with names.
 */

import { idleCare } from '../memory/idle';
import { pressureRelief, usableMemory } from '../memory/pressure';
import type { Complex, LoweredScalar } from '../tensor/scalar';
import { createError } from './errors';
import type { Handle } from './handle';
import { loadAddon } from './libtorch/load';
import { emitNativeWarning } from './warnings';

/** An argument's or result's type in an operator's schema: native/operators/operators.h. */
export type Kind =
  | 'Tensor'
  | 'Tensor[]'
  | 'Tensor?[]'
  | 'int'
  | 'float'
  | 'bool'
  | 'Scalar'
  | 'complex'
  | 'str'
  | 'dtype'
  | 'layout'
  | 'memory_format'
  | 'Device'
  | 'Generator'
  | 'int[]'
  | 'float[]'
  | 'bool[]'
  | 'Scalar[]'
  | 'str[]'
  | 'unsupported';

export interface SchemaArgument {
  name: string;
  kind: Kind;
  /** None is allowed. */
  optional: boolean;
  hasDefault: boolean;
  keywordOnly: boolean;
  /** A list of fixed length, for which one number may stand. */
  sized: boolean;
}

export interface OperatorSchema {
  id: number;
  overload: string;
  schema: string;
  /** Python takes a number in a tensor's place. */
  takesNumbers: boolean;
  arguments: SchemaArgument[];
  returns: SchemaArgument[];
}

/** `reduction` as it crosses: a small number for a known name, or text (native/bindings/arguments.h). */
export type LoweredReduction = number | string | [string, number];
/** `nn.LinearCrossEntropyOptions` as it crosses (native/bindings/arguments.h); the last is a dtype's number. */
export type LoweredLinearCrossEntropyOptions = readonly [
  allowRetainGraph: boolean,
  batchChunkSize: number | null | undefined,
  chunkingMethod: string | null | undefined,
  accPolicy: string,
  accDType: number | null | undefined,
];
type OptionalHandle = Handle | null;
/** The native half of an event. */
export type NativeEvent = { readonly __event: unique symbol };
/** The native half of a Generator. */
export type NativeGenerator = { readonly __generator: unique symbol };

/** The calls that can be made as jobs, each with the job's number first: native/bindings/jobs.h. */
export interface NativeAsync {
  item(job: number, tensor: Handle): Promise<number | bigint | boolean | Complex>;
  /** A contiguous copy on the CPU, or the tensor itself where it is that. */
  plain_copy(job: number, tensor: Handle): Promise<Handle>;
  backward(job: number, ...args: Parameters<Native['backward']>): Promise<void>;
  call_operator(job: number, ...args: Parameters<Native['call_operator']>): Promise<unknown>;
  adaptive_log_softmax_with_loss(
    job: number,
    ...args: Parameters<Native['adaptive_log_softmax_with_loss']>
  ): Promise<[output: Handle, loss: Handle]>;
}

export interface Native {
  readonly async: NativeAsync;
  /** Drops a job that has not started; false where it is too late. */
  cancel_job(job: number): boolean;

  /** What the native side calls: for errors, for warnings, and when memory is short. */
  set_hooks(createError: unknown, emitWarning: unknown, relievePressure: unknown): void;

  /** An error's message with its C++ backtrace, by its number; empty where there were many since. */
  error_backtrace(number: number): string;

  // Handles: native/operators/tensors.cc
  attach(handle: Handle, owner: object): void;
  dispose(handle: Handle): void;
  is_live(handle: Handle): boolean;
  live(): number;
  /** Frees the handles whose tensors were collected: all, or those given out lately. */
  sweep(): number;
  sweep_young(): number;
  /** By how many bytes what lives may grow, from now, before the native side calls for relief. */
  allow_growth(bytes: number): void;
  /** By how many it has grown since. */
  growth(): number;
  /** Asks to be told of the next new handle. */
  rest(): void;
  /** Bytes of what this environment's handles keep, by device. */
  bytes_by_device(): Record<string, number>;
  /** The number of new handles after which it calls for a minor collection. */
  set_young_interval(count: number): void;

  // Memory: native/memory/allocator.cc
  /** Live bytes, bytes kept for reuse, and the most that is kept. */
  allocator_stats(): [live: number, cached: number, limit: number];
  empty_cache(keep?: number): void;
  set_allocator_limit(bytes: number): void;
  /** The same, unless one was set. */
  propose_allocator_limit(bytes: number): void;

  // Tensors on their way to another thread: native/bindings/sharing.cc
  share_tensor(tensor: Handle, milliseconds: number): string;
  claim_tensor(token: string): Handle;
  /** Those that nobody has claimed yet. */
  waiting_tensors(): [count: number, bytes: number];

  // Data and properties: native/operators/tensors.cc
  tensor_from_bytes(bytes: Uint8Array, dtype: number, shape: readonly number[]): Handle;
  tensor_sharing_bytes(bytes: Uint8Array, dtype: number): Handle;
  /** Copies the elements, in order, to where their bytes have room exactly. */
  copy_bytes(tensor: Handle, bytes: Uint8Array): void;
  item(tensor: Handle): number | bigint | boolean | Complex;
  shape(tensor: Handle): number[];
  stride(tensor: Handle): number[];
  storage_offset(tensor: Handle): number;
  dim(tensor: Handle): number;
  numel(tensor: Handle): number;
  dtype(tensor: Handle): number;
  layout(tensor: Handle): number;
  device(tensor: Handle): string;
  is_contiguous(tensor: Handle): boolean;
  data_ptr(tensor: Handle): number | bigint;
  version(tensor: Handle): number;
  /** C's `%g`, whose ties go to even digits; JavaScript's go up. */
  general_format(value: number): string;
  repr(
    tensor: Handle,
    isParameter: boolean,
    precision: number,
    threshold: number,
    edgeitems: number,
    linewidth: number,
    sciMode: boolean | null,
  ): string;

  // The process: native/operators/tensors.cc
  get_default_dtype(): number;
  set_default_dtype(dtype: number): void;
  element_size(dtype: number): number;
  dtype_name(dtype: number): string;
  promote_types(left: number, right: number): number;
  get_num_threads(): number;
  set_num_threads(count: number): void;
  has_cuda(): boolean;
  cpu_capability(): string;
  parse_device(name: string): string;
  /** Indices of those of one device and dtype, in the order of Python's groups. */
  group_by_device_and_dtype(tensors: readonly Handle[]): number[][];

  // Gradients: native/operators/autograd.cc
  backward(
    tensors: readonly Handle[],
    gradients: readonly OptionalHandle[],
    retainGraph: boolean,
    createGraph: boolean,
    inputs: readonly Handle[],
  ): void;
  /** For tests: how many backward passes of the process ran without the engine. */
  inline_backward_count(): number;
  grad_of(
    outputs: readonly Handle[],
    inputs: readonly Handle[],
    gradients: readonly OptionalHandle[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): (Handle | undefined)[];
  /** The live object for the gradient, or a new handle for it. */
  grad(tensor: Handle): Handle | object | undefined;
  set_grad(tensor: Handle, gradient: OptionalHandle): void;
  requires_grad(tensor: Handle): boolean;
  set_requires_grad(tensor: Handle, value: boolean, inPlace: boolean): void;
  is_leaf(tensor: Handle): boolean;
  retain_grad(tensor: Handle): void;
  retains_grad(tensor: Handle): boolean;
  parameter(data: Handle, requiresGrad: boolean): Handle;
  /** A copy whose backward pass hands on no gradient. */
  without_gradient(tensor: Handle): Handle;
  data(tensor: Handle): Handle;
  set_data(tensor: Handle, value: Handle): void;
  grad_fn_name(tensor: Handle, path: readonly number[]): string | undefined;
  next_functions(tensor: Handle, path: readonly number[]): (number | undefined)[];
  is_grad_enabled(): boolean;
  set_grad_enabled(enabled: boolean): void;

  // Automatic mixed precision: native/operators/autocast.cc
  is_autocast_available(device: string): boolean;
  is_autocast_enabled(device: string): boolean;
  set_autocast_enabled(device: string, enabled: boolean): void;
  get_autocast_dtype(device: string): number;
  set_autocast_dtype(device: string, dtype: number): void;
  is_autocast_cache_enabled(): boolean;
  set_autocast_cache_enabled(enabled: boolean): void;
  clear_autocast_cache(): void;
  autocast_increment_nesting(): number;
  autocast_decrement_nesting(): number;

  // CUDA: native/operators/cuda.cc. Devices are numbers.
  cuda_is_loaded(): boolean;
  cuda_init(): void;
  /** Whether any thread of the process has called the above. */
  cuda_is_initialized(): boolean;
  cuda_device_count(): number;
  cuda_get_device(): number;
  cuda_set_device(device: number): void;
  cuda_exchange_device(device: number): number;
  cuda_restore_device(device: number): void;
  cuda_synchronize(device: number): void;
  cuda_device_properties(device: number): {
    name: string;
    total_memory: number;
    attributes: number[];
    uuid: number[];
  };
  cuda_can_access_peer(device: number, peer: number): boolean;
  cudnn_version(): number | undefined;
  cuda_live_bytes(): number;
  cuda_memory_stats(device: number): number[];
  cuda_reset_peak_stats(device: number): void;
  cuda_reset_accumulated_stats(device: number): void;
  cuda_mem_get_info(device: number): [free: number, total: number];
  cuda_empty_cache(): void;
  cuda_host_memory_stats(): number[];
  cuda_reset_accumulated_host_stats(): void;
  cuda_reset_peak_host_stats(): void;
  cuda_empty_host_cache(): void;

  // Streams, a device's name and a number, and events: native/operators/streams.cc.
  device_type(device: string): number;
  new_stream(device: string, priority: number): [id: number | bigint, index: number];
  current_stream(device: string): [id: number | bigint, index: number];
  default_stream(device: string): [id: number | bigint, index: number];
  set_stream(device: string, stream: number | bigint): void;
  query_stream(device: string, stream: number | bigint): boolean;
  synchronize_stream(device: string, stream: number | bigint): void;
  stream_handle(device: string, stream: number | bigint): number | bigint;
  is_capturing(device: string, stream: number | bigint): boolean;
  stream_priority(device: string, stream: number | bigint): number;
  stream_priority_range(): [least: number, greatest: number];
  record_stream(tensor: Handle, device: string, stream: number | bigint): void;
  new_event(device: string, enableTiming: boolean): NativeEvent;
  event_device(event: NativeEvent): string;
  event_id(event: NativeEvent): number | bigint;
  record_event(event: NativeEvent, device: string, stream: number | bigint): void;
  wait_event(event: NativeEvent, device: string, stream: number | bigint): void;
  query_event(event: NativeEvent): boolean;
  synchronize_event(event: NativeEvent): void;
  /** Milliseconds. */
  elapsed_time(start: NativeEvent, end: NativeEvent): number;

  /** For tests: so many of the next calls find no memory. */
  simulate_out_of_memory(calls: number): void;

  // Own kernels: native/kernels/kernel.cc
  kernel_names(): string[];
  enabled_kernels(): string[];
  enable_kernels(names: readonly string[]): void;
  /** Sets what the process starts with, in its first environment. `refused`: why none may run, or empty. */
  start_kernels(names: readonly string[], refused: string): void;
  kernel_state(name: string): ['off' | 'untested' | 'on' | 'left out', reason: string];
  /** For tests: whether a kernel passes its self-test now. */
  run_kernel_self_test(name: string): boolean;
  /** For tests: the next self-test finds a difference. */
  fail_kernel_self_test(name: string): void;

  // Class indices: native/losses/targets.cc. None are checked, or those on CUDA, or all.
  set_check_targets(which: 0 | 1 | 2): void;
  get_check_targets(): 0 | 1 | 2;

  // How libtorch behaves: native/operators/context.cc
  get_flag(name: string): boolean;
  set_flag(name: string, value: boolean): void;
  cudnn_benchmark_limit(): number;
  set_cudnn_benchmark_limit(limit: number): void;
  fp32_precision(backend: string, op: string): string;
  set_fp32_precision(backend: string, op: string, precision: string): void;
  show_config(): string;
  has_mkl(): boolean;
  has_mkldnn(): boolean;
  has_openmp(): boolean;
  get_float32_matmul_precision(): string;
  set_float32_matmul_precision(precision: string): void;
  deterministic_algorithms(): boolean;
  deterministic_algorithms_warn_only(): boolean;
  use_deterministic_algorithms(mode: boolean, warnOnly: boolean): void;

  // Any operator: native/operators/operators.cc and native/operators/calls.cc
  find_operators(name: string): OperatorSchema[];
  /** The names of a namespace's operators, overloads aside. */
  operator_names(namespace: string): string[];
  /** `handles` has a bit set for each argument that is a handle or a list of them. */
  call_operator(id: number, handles: number, ...args: readonly unknown[]): unknown;
  load_library(path: string): void;

  // Random numbers: native/operators/generators.cc
  new_generator(device: string): NativeGenerator;
  default_generator(device: string): NativeGenerator;
  manual_seed(seed: number | bigint): void;
  generator_manual_seed(generator: NativeGenerator, seed: number | bigint): void;
  generator_initial_seed(generator: NativeGenerator): number | bigint;
  generator_seed(generator: NativeGenerator): number | bigint;
  generator_get_state(generator: NativeGenerator): Handle;
  generator_set_state(generator: NativeGenerator, state: Handle): void;
  generator_get_offset(generator: NativeGenerator): number | bigint;
  generator_set_offset(generator: NativeGenerator, offset: number | bigint): void;
  generator_clone_state(generator: NativeGenerator): NativeGenerator;
  generator_device(generator: NativeGenerator): string;

  // The losses: native/losses/losses.h, parameters in its order
  adaptive_log_softmax_with_loss(
    input: Handle,
    target: Handle,
    headWeight: Handle,
    headBias: OptionalHandle,
    tail: readonly Handle[],
    cutoffs: readonly number[],
    shortlistSize: number,
  ): [output: Handle, loss: Handle];
  binary_cross_entropy(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    reduction: LoweredReduction,
  ): Handle;
  binary_cross_entropy_with_logits(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    reduction: LoweredReduction,
    posWeight: OptionalHandle,
  ): Handle;
  cosine_embedding_loss(
    input1: Handle,
    input2: Handle,
    target: Handle,
    margin: number,
    reduction: LoweredReduction,
  ): Handle;
  cross_entropy(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    ignoreIndex: number | bigint,
    reduction: LoweredReduction,
    labelSmoothing: number,
  ): Handle;
  ctc_loss(
    logProbs: Handle,
    targets: Handle,
    inputLengths: Handle | readonly (number | bigint)[],
    targetLengths: Handle | readonly (number | bigint)[],
    blank: number | bigint,
    reduction: LoweredReduction,
    zeroInfinity: boolean,
  ): Handle;
  gaussian_nll_loss(
    input: Handle,
    target: Handle,
    variance: Handle | [number],
    full: boolean,
    eps: number,
    reduction: LoweredReduction,
  ): Handle;
  hinge_embedding_loss(
    input: Handle,
    target: Handle,
    margin: number,
    reduction: LoweredReduction,
  ): Handle;
  huber_loss(
    input: Handle,
    target: Handle,
    reduction: LoweredReduction,
    delta: number,
    weight: OptionalHandle,
  ): Handle;
  kl_div(input: Handle, target: Handle, reduction: LoweredReduction, logTarget: boolean): Handle;
  l1_loss(
    input: Handle,
    target: Handle,
    reduction: LoweredReduction,
    weight: OptionalHandle,
  ): Handle;
  linear_cross_entropy(
    input: Handle,
    linearWeight: Handle,
    target: Handle,
    linearBias: OptionalHandle,
    weight: OptionalHandle,
    reduction: LoweredReduction,
    ignoreIndex: number | bigint | null,
    labelSmoothing: number,
    options: LoweredLinearCrossEntropyOptions | null,
  ): Handle;
  adjust_linear_cross_entropy_options(
    options: LoweredLinearCrossEntropyOptions,
    numBatches: number,
    inFeatures: number,
    numClasses: number,
    dtype: number,
    device: string | null,
    hasProbabilities: boolean,
  ): LoweredLinearCrossEntropyOptions;
  margin_ranking_loss(
    input1: Handle,
    input2: Handle,
    target: Handle,
    margin: number,
    reduction: LoweredReduction,
  ): Handle;
  mse_loss(
    input: Handle,
    target: Handle,
    reduction: LoweredReduction,
    weight: OptionalHandle,
  ): Handle;
  multi_margin_loss(
    input: Handle,
    target: Handle,
    p: number | bigint,
    margin: number,
    weight: OptionalHandle,
    reduction: LoweredReduction,
  ): Handle;
  multilabel_margin_loss(input: Handle, target: Handle, reduction: LoweredReduction): Handle;
  multilabel_soft_margin_loss(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    reduction: LoweredReduction,
  ): Handle;
  nll_loss(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    ignoreIndex: number | bigint,
    reduction: LoweredReduction,
  ): Handle;
  poisson_nll_loss(
    input: Handle,
    target: Handle,
    logInput: boolean,
    full: boolean,
    eps: number,
    reduction: LoweredReduction,
  ): Handle;
  smooth_l1_loss(input: Handle, target: Handle, reduction: LoweredReduction, beta: number): Handle;
  soft_margin_loss(input: Handle, target: Handle, reduction: LoweredReduction): Handle;
  triplet_margin_loss(
    anchor: Handle,
    positive: Handle,
    negative: Handle,
    margin: number,
    p: number,
    eps: number,
    swap: boolean,
    reduction: LoweredReduction,
  ): Handle;
  triplet_margin_with_distance_loss(
    anchor: Handle,
    positive: Handle,
    negative: Handle,
    distanceFunction: (left: Handle, right: Handle) => Handle,
    margin: number,
    swap: boolean,
    reduction: LoweredReduction,
  ): Handle;
  triplet_margin_with_pairwise_distance_loss(
    anchor: Handle,
    positive: Handle,
    negative: Handle,
    p: number,
    eps: number,
    keepdim: boolean,
    margin: number,
    swap: boolean,
    reduction: LoweredReduction,
  ): Handle;
}

const loaded = loadAddon();

/** The addon of this thread. */
export const native = loaded.addon as Native;

/** The libtorch under it. */
export const { libtorch } = loaded;

const createNativeError = (pythonType: string, message: string, cause: number): Error =>
  createError(pythonType, message, cause ? () => native.error_backtrace(cause) : undefined);

native.set_hooks(createNativeError, emitNativeWarning, pressureRelief(native, idleCare(native)));
native.propose_allocator_limit(usableMemory() / 8);

export type { LoweredScalar };
