/** Kernels of this package's own: native/kernels/. */
export interface NativeKernels {
  /** For tests: which of native/kernels/shortcuts.h were taken, in the process, since this was last asked. */
  shortcuts_taken(): Record<string, boolean>;
}
