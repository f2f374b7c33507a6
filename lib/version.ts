/** `torch.version`: what the libtorch in use is. */
import { commitOf, cudaVersionOf } from './bindings/libtorch/build';
import { libtorch } from './bindings/native';

export { __version__ } from './backends/process';

/** The CUDA that libtorch was built with, such as `13.0`; null for a CPU build. */
export const cuda: string | null = cudaVersionOf(libtorch);
/** The commit of PyTorch; null where libtorch is no part of a Python package. */
export const git_version: string | null = commitOf(libtorch);
/** ROCm builds are not supported. */
export const hip: string | null = null;
export const debug = false;
