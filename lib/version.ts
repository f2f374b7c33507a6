/** `torch.version`: the properties of libtorch. */
import { commitOf, cudaVersionOf } from './bindings/libtorch/build';
import { libtorch } from './bindings/native';

export { __version__ } from './backends/process';

/** The CUDA version that libtorch was built with, such as `13.0`. Null for a CPU build. */
export const cuda: string | null = cudaVersionOf(libtorch);
/** The commit of PyTorch. Null if libtorch is not part of a Python package. */
export const git_version: string | null = commitOf(libtorch);
/** ROCm builds are not supported. */
export const hip: string | null = null;
export const debug = false;
