/** Own kernels: native/kernels/kernel.cc. */
export interface NativeKernels {
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
}
