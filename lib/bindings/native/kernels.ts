/** Own kernels: native/kernels/kernel.cc. */
export interface NativeKernels {
  kernel_names(): string[];
  enabled_kernels(): string[];
  enable_kernels(names: readonly string[]): void;
  /**
   * Sets the kernels that are enabled when the process starts. Only the first environment's call counts. `refused` says
   * why no kernel may run, or is empty.
   */
  start_kernels(names: readonly string[], refused: string): void;
  kernel_state(name: string): ['off' | 'untested' | 'on' | 'left out', reason: string];
  /** For tests: runs a kernel's self-test now, and returns whether it passes. */
  run_kernel_self_test(name: string): boolean;
  /** For tests: makes the next self-test find a difference. */
  fail_kernel_self_test(name: string): void;
}
