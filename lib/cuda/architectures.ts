/** The GPU architectures for which libtorch has kernels. Source: torch/cuda/__init__.py. */
import { native } from '../bindings/native';
import { warn } from '../bindings/warnings';

/**
 * Returns the architectures that libtorch was built for, such as `sm_90`. Empty for a CPU build.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_arch_list.html
 */
export function get_arch_list(): string[] {
  const flags = native.show_config().matchAll(/-gencode[ ;]arch=\w+,code=(\w+)/g);
  return [...new Set(Array.from(flags, ([, code]) => code!))];
}

/** Returns the architectures as options of NVIDIA's compiler. */
export const get_gencode_flags = (): string =>
  get_arch_list()
    .map((architecture) => {
      const [kind, number] = architecture.split('_');
      return `-gencode compute=compute_${number},code=${kind}_${number}`;
    })
    .join(' ');

/**
 * Returns Python's warning about a device for which libtorch has no kernels, so that every computation on it will fail.
 *
 * @internal
 */
export function incompatibility(
  name: string,
  major: number,
  minor: number,
  architectures: readonly string[],
): string | undefined {
  const kernels = architectures.map((architecture) => /sm_(\d+)\d/.exec(architecture)?.[1]);
  if (architectures.length === 0 || kernels.includes(String(major))) return undefined;
  return (
    `\n${name} with CUDA capability sm_${10 * major + minor} is not compatible with the current PyTorch installation.\n` +
    `The current PyTorch install supports CUDA capabilities ${architectures.join(' ')}.\n` +
    `If you want to use the ${name} GPU with PyTorch, please check the instructions at ` +
    'https://pytorch.org/get-started/locally/\n'
  );
}

/** Warns about devices for which libtorch has no kernels. */
export function checkKernels(): void {
  const count = native.cuda_device_count();
  for (let index = 0; index < count; index++) {
    const { name, attributes } = native.cuda_device_properties(index);
    const text = incompatibility(name, attributes[0]!, attributes[1]!, get_arch_list());
    if (text) warn(text, 'UserWarning', 'user');
  }
}
