/**
 * `torch.backends`: settings of the libraries that libtorch uses. They hold for the process.
 *
 * See https://docs.pytorch.org/docs/stable/backends.html
 */

import { typeError } from '../bindings/errors';
import { tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { BOOL, INT, optional, Signature, STRING, type Type } from '../dispatch/signature';
import { hasAccelerator } from '../tensor/device';
import type { DType } from '../tensor/dtype';
import { float16, float32, float64 } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { scoped } from '../utils/contextlib';
import { kernels } from './kernels';
import * as mha from './mha';

/** A setting with a getter and a setter. */
interface Setting<T> {
  readonly type: Type<T>;
  readonly get: () => T;
  readonly set: (value: T) => void;
}

/** The precision of float32 computations. `none` follows the more general setting. */
export type Float32Precision = 'none' | 'ieee' | 'tf32' | 'bf16';

const flag = (name: string): Setting<boolean> => ({
  type: BOOL,
  get: () => native.get_flag(name),
  set: (value) => native.set_flag(name, value),
});

const precision = (backend: string, op: string): Setting<Float32Precision> => ({
  type: STRING as Type<Float32Precision>,
  get: () => native.fp32_precision(backend, op) as Float32Precision,
  set: (value) => native.set_fp32_precision(backend, op, value),
});

// biome-ignore lint/suspicious/noExplicitAny: settings of any types
type Settings = Readonly<Record<string, Setting<any>>>;
type ValuesOf<S extends Settings> = {
  [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never;
};

/** Returns an object with settings as properties, and functions. Setting an unknown property is a TypeError. */
function withSettings<S extends Settings, Functions extends object>(
  path: string,
  settings: S,
  functions: Functions,
): ValuesOf<S> & Functions {
  const object = { ...functions };
  for (const [name, { type, get, set }] of Object.entries(settings)) {
    const checked = (value: unknown): void => {
      if (!type.accepts(value)) {
        throw typeError(`${path}.${name} must be ${type.expected}, got ${describe(value)}`);
      }
      set(value);
    };
    Object.defineProperty(object, name, { enumerable: true, get, set: checked });
  }
  return Object.preventExtensions(object) as ValuesOf<S> & Functions;
}

const hasCudnn = hasAccelerator;

/** The number of algorithms that cuDNN's `benchmark` tries; 0 means all. Null without cuDNN. */
const benchmarkLimit: Setting<number | null> = {
  type: INT,
  get: () => (hasCudnn() ? native.cudnn_benchmark_limit() : null),
  set: (value) => {
    if (hasCudnn()) native.set_cudnn_benchmark_limit(value!);
  },
};

const CUDNN = {
  enabled: flag('cudnn.enabled'),
  benchmark: flag('cudnn.benchmark'),
  benchmark_limit: benchmarkLimit,
  deterministic: flag('cudnn.deterministic'),
  allow_tf32: flag('cudnn.allow_tf32'),
  fp32_precision: precision('cuda', 'all'),
};

const ACCEPTABLE: readonly DType[] = [float16, float32, float64];

const cudnn = withSettings('torch.backends.cudnn', CUDNN, {
  /** Returns whether libtorch was built with cuDNN. */
  is_available: hasCudnn,
  /** Returns the version of cuDNN, such as 92400. Null if CUDA is not loaded. */
  version: (): number | null => native.cudnn_version() ?? null,
  /** Returns whether cuDNN is enabled and supports the tensor's device and dtype. */
  is_acceptable(tensor: Tensor): boolean {
    tensorHandle(tensor, { name: 'is_acceptable', parameters: [] }, 'tensor');
    return CUDNN.enabled.get() && tensor.is_cuda && ACCEPTABLE.includes(tensor.dtype);
  },
  flags: cudnnFlags,
  conv: withSettings(
    'torch.backends.cudnn.conv',
    { fp32_precision: precision('cuda', 'conv') },
    {},
  ),
  rnn: withSettings('torch.backends.cudnn.rnn', { fp32_precision: precision('cuda', 'rnn') }, {}),
});

/** The options of `torch.backends.cudnn.flags`, in Python's order. */
export interface CudnnFlags {
  /** Default: false. */
  enabled?: boolean | undefined;
  /** Default: false. */
  benchmark?: boolean | undefined;
  /** Default: 10. */
  benchmark_limit?: number | undefined;
  /** Default: false. */
  deterministic?: boolean | undefined;
  /** Default: true. */
  allow_tf32?: boolean | undefined;
  /** Default: none. */
  fp32_precision?: Float32Precision | undefined;
}

const FLAGS = new Signature('flags', {
  enabled: optional(BOOL, false),
  benchmark: optional(BOOL, false),
  benchmark_limit: optional(INT, 10),
  deterministic: optional(BOOL, false),
  allow_tf32: optional(BOOL, true),
  fp32_precision: optional(STRING as Type<Float32Precision>, 'none'),
});

/**
 * Runs a function with settings of cuDNN, and returns its result. Every setting that is not given has its default.
 * Without options, cuDNN is disabled.
 *
 * ```ts
 * torch.backends.cudnn.flags({ enabled: false }, () => criterion(log_probs, targets, input_lengths, target_lengths));
 * ```
 */
function cudnnFlags<T>(run: () => T): T;
function cudnnFlags<T>(flags: CudnnFlags, run: () => T): T;
function cudnnFlags(...args: unknown[]): unknown {
  const last = args.at(-1);
  const run = typeof last === 'function' ? (last as () => unknown) : undefined;
  const flags = FLAGS.read(run ? args.slice(0, -1) : args);
  return scoped('flags', run!, () => {
    const before = Object.entries(CUDNN).map(([name, { get }]) => [name, get()] as const);
    setAll(Object.entries(flags));
    return () => setAll(before);
  });
}

function setAll(flags: readonly (readonly [name: string, value: unknown])[]): void {
  for (const [name, value] of flags) CUDNN[name as keyof typeof CUDNN].set(value as never);
}

const cuda = {
  /** Returns whether libtorch was built with CUDA. `torch.cuda.is_available()` returns whether there is a device. */
  is_built: hasAccelerator,
  matmul: withSettings(
    'torch.backends.cuda.matmul',
    {
      allow_tf32: flag('cuda.matmul.allow_tf32'),
      allow_fp16_reduced_precision_reduction: flag(
        'cuda.matmul.allow_fp16_reduced_precision_reduction',
      ),
      allow_bf16_reduced_precision_reduction: flag(
        'cuda.matmul.allow_bf16_reduced_precision_reduction',
      ),
      allow_fp16_accumulation: flag('cuda.matmul.allow_fp16_accumulation'),
      fp32_precision: precision('cuda', 'matmul'),
    },
    {},
  ),
};

const mkldnn = withSettings(
  'torch.backends.mkldnn',
  { enabled: flag('mkldnn.enabled') },
  { is_available: (): boolean => native.has_mkldnn() },
);

const mkl = { is_available: (): boolean => native.has_mkl() };

const openmp = { is_available: (): boolean => native.has_openmp() };

const cpu = {
  /** Returns the instruction set that CPU kernels use, such as `AVX2`. */
  get_cpu_capability: (): string => native.cpu_capability(),
};

export const backends = withSettings(
  'torch.backends',
  { fp32_precision: precision('generic', 'all') },
  { cudnn, cuda, mkldnn, mkl, openmp, cpu, mha: { ...mha }, kernels },
);
