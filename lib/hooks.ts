/**
 * Sets what the native side calls back in this environment: for errors, for warnings, and when memory is short.
 *
 * Every entry point imports this file before anything else; each thread runs it once.
 */
import './bindings/libtorch/bundle';
import { createError } from './bindings/errors';
import { native } from './bindings/native';
import { emitNativeWarning } from './bindings/warnings';
import { idleCare } from './memory/idle';
import { pressureRelief, usableMemory } from './memory/pressure';

const createNativeError = (pythonType: string, message: string, cause: number): Error =>
  createError(pythonType, message, cause ? () => native.error_backtrace(cause) : undefined);

native.set_hooks(createNativeError, emitNativeWarning, pressureRelief(native, idleCare(native)));
native.propose_allocator_limit(usableMemory() / 8);
