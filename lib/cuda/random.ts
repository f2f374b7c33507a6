/** Random numbers on CUDA devices. Source: torch/cuda/random.py. */
import { seedBits } from '../generator';
import { native } from '../native';

/** Seeds the current device's generator; without CUDA it does nothing. */
export function manual_seed(seed: number | bigint): void {
  const bits = seedBits(seed);
  if (native.has_cuda()) native.cuda_manual_seed(bits);
}

/** Seeds the generators of all CUDA devices; without CUDA it does nothing. */
export function manual_seed_all(seed: number | bigint): void {
  const bits = seedBits(seed);
  if (native.has_cuda()) native.cuda_manual_seed_all(bits);
}
