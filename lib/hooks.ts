/**
 * Sets what the native side calls back in this environment: for errors, for warnings, and when memory is short.
 *
 * Every entry point imports this file before anything else; each thread runs it once.
 */
import { createError } from './bindings/errors';
import { HandleOwner } from './bindings/handle';
import { native } from './bindings/native';
import { type Hooks, setHooks } from './bindings/realms';
import { emitNativeWarning } from './bindings/warnings';
import { idleCare } from './memory/idle';
import { pressureRelief, usableMemory } from './memory/pressure';

const hooks: Hooks = {
  createError: (pythonType, message, cause) =>
    createError(pythonType, message, cause ? () => native.error_backtrace(cause) : undefined),
  emitWarning: emitNativeWarning,
  relieve: pressureRelief(native, idleCare(native)),
};

HandleOwner.hooks = hooks;
setHooks(native, hooks);
native.propose_allocator_limit(usableMemory() / 8);
