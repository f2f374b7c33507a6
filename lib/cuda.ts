/** `torch.cuda`. See https://docs.pytorch.org/docs/stable/cuda.html */
import { native } from './native';

/** Whether there is a CUDA libtorch, a driver and a device. */
export function is_available(): boolean {
  return native.has_cuda();
}
