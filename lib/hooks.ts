/**
 * Sets the functions that the native side calls in this environment: for errors, warnings, and memory pressure. Loads
 * the class of the tensors that operators return, and starts the own kernels that the process's environment asks for.
 *
 * Every entry point imports this file first. It runs once per thread.
 */
import './bindings/libtorch/bundle';
import { isMainThread } from 'node:worker_threads';
import './backends/kernels';
import './tensor/tensor';
import { createError } from './bindings/errors';
import { HandleOwner } from './bindings/handle';
import { native } from './bindings/native';
import { type Hooks, setHooks } from './bindings/realms';
import { emitNativeWarning } from './bindings/warnings';
import { watchIdleTime } from './memory/idle';
import { pressureRelief, usableMemory } from './memory/pressure';

const hooks: Hooks = {
  createError: (pythonType, message, cause) =>
    createError(pythonType, message, cause ? () => native.error_backtrace(cause) : undefined),
  emitWarning: emitNativeWarning,
  relieve: pressureRelief(native, watchIdleTime(native)),
};

HandleOwner.hooks = hooks;
setHooks(native, hooks);
native.propose_allocator_limit(usableMemory() / 8);
// torchrun reports the error that ends the process.
if (isMainThread && process.env['TORCHELASTIC_ERROR_FILE']) require('./distributed/error_file');
