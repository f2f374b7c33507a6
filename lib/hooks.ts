/**
 * Sets the functions that the native side calls in this environment: for errors, warnings, and memory pressure.
 *
 * Every entry point imports this file first. It runs once per thread.
 */
import { createError } from './bindings/errors';
import { native } from './bindings/native';
import { emitNativeWarning } from './bindings/warnings';
import { watchIdleTime } from './memory/idle';
import { pressureRelief, usableMemory } from './memory/pressure';

const createNativeError = (pythonType: string, message: string, cause: number): Error =>
  createError(pythonType, message, cause ? () => native.error_backtrace(cause) : undefined);

native.set_hooks(
  createNativeError,
  emitNativeWarning,
  pressureRelief(native, watchIdleTime(native)),
);
native.propose_allocator_limit(usableMemory() / 8);
