/** What the native side calls in JavaScript, and what it remembers of errors: native/bindings/environment.h. */
export interface NativeEnvironment {
  /** Sets what the native side calls: for errors, for warnings, and when memory is short. */
  set_hooks(createError: unknown, emitWarning: unknown, relievePressure: unknown): void;
  /** An error's message with its C++ backtrace, by its number; empty where there were many since. */
  error_backtrace(number: number): string;
}
