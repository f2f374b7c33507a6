/** The instructions that libtorch chooses its kernels by. */
import torch from 'torch-losses';

const ALL = ['DEFAULT', 'AVX2', 'AVX512'];

/** Values of ATEN_CPU_CAPABILITY that this machine can run: libtorch does not look whether it can. */
export const CAPABILITIES = ALL.slice(
  0,
  1 + Math.max(0, ALL.indexOf(torch.backends.cpu.get_cpu_capability())),
).map((name) => name.toLowerCase());
