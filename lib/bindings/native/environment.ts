/** Functions that the native side calls, and backtraces of errors: native/bindings/environment.h. */
export interface NativeEnvironment {
  /** Sets the functions that the native side calls to make an error, to emit a warning, and to free memory. */
  set_hooks(createError: unknown, emitWarning: unknown, relievePressure: unknown): void;
  /** Returns an error's message with its C++ backtrace; empty if too many errors occurred since. */
  error_backtrace(number: number): string;
}
