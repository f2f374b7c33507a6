/**
 * `torch.backends`: which libraries libtorch computes with, and how. Flags hold for the process.
 *
 * See https://docs.pytorch.org/docs/stable/backends.html
 */
import { describe } from './arguments';
import { typeError } from './errors';
import { isCudaBuild } from './libtorch/build';
import { libtorch, native } from './native';

/** Flags of libtorch's context as properties, beside functions; a flag that there is not is a TypeError. */
function withFlags<Name extends string, Functions extends object>(
  path: string,
  names: readonly Name[],
  functions: Functions,
): Record<Name, boolean> & Functions {
  const object = { ...functions };
  for (const name of names) {
    const flag = `${path}.${name}`;
    Object.defineProperty(object, name, {
      enumerable: true,
      get: () => native.get_flag(flag),
      set: (value: unknown) => {
        if (typeof value !== 'boolean') {
          throw typeError(`torch.backends.${flag} must be a boolean, got ${describe(value)}`);
        }
        native.set_flag(flag, value);
      },
    });
  }
  return Object.preventExtensions(object) as Record<Name, boolean> & Functions;
}

export const cudnn = withFlags('cudnn', ['enabled', 'deterministic', 'benchmark', 'allow_tf32'], {
  /** Whether libtorch was built with cuDNN. */
  is_available: (): boolean => isCudaBuild(libtorch),
  /** Its version, such as 92400; null where CUDA is not loaded. */
  version: (): number | null => native.cudnn_version() ?? null,
});

export const cuda = {
  /** Whether libtorch was built with CUDA; whether there is a device, `torch.cuda.is_available()` says. */
  is_built: (): boolean => isCudaBuild(libtorch),
  matmul: withFlags(
    'cuda.matmul',
    [
      'allow_tf32',
      'allow_fp16_reduced_precision_reduction',
      'allow_bf16_reduced_precision_reduction',
    ],
    {},
  ),
};

export const mkldnn = withFlags('mkldnn', ['enabled'], {
  is_available: (): boolean => native.has_mkldnn(),
});

export const mkl = { is_available: (): boolean => native.has_mkl() };

export const openmp = { is_available: (): boolean => native.has_openmp() };

export const cpu = {
  /** The instructions that kernels use, such as `AVX2`. */
  get_cpu_capability: (): string => native.cpu_capability(),
};
