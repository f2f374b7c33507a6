/**
 * Runs calls off the event loop.
 *
 * Each environment has one worker thread, which runs the calls in the order in which they were made
 * (native/bindings/jobs.h). So results equal those of the same calls made synchronously, and calls do not compete for
 * the cores.
 */
import { types } from 'node:util';

import { describe, isOptions } from '../dispatch/arguments';
import { isComplex } from '../tensor/scalar';
import { typeError } from './errors';
import { type NativeJob, native } from './native';
import { outside } from './outside';

export interface AsyncOptions {
  /** Cancels the call if it has not started. Its promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Removes the `signal` from the options object, if the last argument is one. */
export function splitSignal(
  args: readonly unknown[],
): [others: readonly unknown[], options: AsyncOptions] {
  const last = args[args.length - 1];
  if (!isOptions(last) || isComplex(last) || !('signal' in last)) return [args, {}];
  const { signal, ...others } = last;
  return [[...args.slice(0, -1), others], { signal: signal as AbortSignal | undefined }];
}

let lastJob = 0;

/** Whether the native queue exists. It would keep the asynchronous context in which it was made. */
let hasQueue = false;

/** The native calls of one job. The loop below defines a method for each. */
class Job {
  constructor(readonly number: number) {}
}

for (const [name, call] of Object.entries(native.async)) {
  const asJob = call as (job: number, ...args: unknown[]) => unknown;
  Object.defineProperty(Job.prototype, name, {
    value(this: Job, ...args: unknown[]) {
      return asJob(this.number, ...args);
    },
  });
}

/**
 * Runs a native call as a job.
 *
 * @param start - makes exactly one call on the job it gets
 * @returns the call's result; an error has the stack of this call, since the caller's frames are gone when it occurs
 */
export function submit<T>(
  start: (job: NativeJob) => Promise<T>,
  options?: AsyncOptions,
): Promise<T> {
  const signal = options?.signal;
  if (signal && typeof signal.addEventListener !== 'function') {
    return Promise.reject(typeError(`'signal' must be an AbortSignal, got ${describe(signal)}`));
  }
  if (signal?.aborted) return Promise.reject(signal.reason);
  const caller = new Error();
  const number = ++lastJob;
  let settled: Promise<T>;
  try {
    const job = new Job(number) as unknown as NativeJob;
    settled = hasQueue ? start(job) : outside(() => start(job));
    hasQueue = true;
  } catch (error) {
    return Promise.reject(error);
  }
  return withAbort(settled, number, signal).catch((error: unknown) => {
    throw withCaller(error, caller);
  });
}

/** The functions that cancel jobs, by job, for each signal. A signal has one listener, since many jobs may share it. */
const cancellations = new WeakMap<AbortSignal, Map<number, () => void>>();

function cancellationsOf(signal: AbortSignal): Map<number, () => void> {
  const known = cancellations.get(signal);
  if (known) return known;
  const jobs = new Map<number, () => void>();
  const abortAll = (): void => {
    for (const abort of [...jobs.values()]) abort();
  };
  signal.addEventListener('abort', abortAll, { once: true });
  cancellations.set(signal, jobs);
  return jobs;
}

function withAbort<T>(
  promise: Promise<T>,
  job: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return promise;
  const jobs = cancellationsOf(signal);
  return new Promise<T>((resolve, reject) => {
    jobs.set(job, () => {
      jobs.delete(job);
      if (native.cancel_job(job)) reject(signal.reason);
    });
    promise.then(resolve, reject).finally(() => jobs.delete(job));
  });
}

/** @param caller - formats its stack when it is read, which costs more than a small job */
function withCaller(error: unknown, caller: Error): unknown {
  if (types.isNativeError(error) && error.message && 'pythonType' in error) {
    const frames = (caller.stack ?? '').split('\n').slice(2).join('\n');
    error.stack = `${error.name}: ${error.message}\n${frames}`;
  }
  return error;
}
