/** The instruction sets from which libtorch chooses its kernels. */
import torch from 'torch-losses';

const ALL = ['DEFAULT', 'AVX2', 'AVX512'];

/** The values of ATEN_CPU_CAPABILITY that this machine supports. libtorch does not check that. */
export const CAPABILITIES = ALL.slice(
  0,
  1 + Math.max(0, ALL.indexOf(torch.backends.cpu.get_cpu_capability())),
).map((name) => name.toLowerCase());
