/**
 * Calls off the event loop.
 *
 * Each environment has one thread for them, which runs them in the order they were made (native/bindings/jobs.h): results are
 * those of the same calls made synchronously, and callers share the cores instead of fighting for them.
 */
import { types } from 'node:util';

import { describe, isOptions } from '../dispatch/arguments';
import { isComplex } from '../tensor/scalar';
import { typeError } from './errors';
import { type NativeJob, native } from './native';
import { outside } from './outside';

export interface AsyncOptions {
  /** Drops the call if it has not started; its promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Takes the `signal` out of arguments whose last may be an options object. */
export function splitSignal(
  args: readonly unknown[],
): [others: readonly unknown[], options: AsyncOptions] {
  const last = args[args.length - 1];
  if (!isOptions(last) || isComplex(last) || !('signal' in last)) return [args, {}];
  const { signal, ...others } = last;
  return [[...args.slice(0, -1), others], { signal: signal as AbortSignal | undefined }];
}

let lastJob = 0;

/** Whether the native side has its queue, which would keep the asynchronous context of the first call. */
let hasQueue = false;

/** The native calls, as those of one job. */
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
 * Makes a call in a job.
 *
 * @param start - makes one call of the job that it is given
 * @returns what the call resolves with; an error has the stack of the caller, who is no longer on it when it happens
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
  const caller = new Error().stack;
  const number = ++lastJob;
  let settled: Promise<T>;
  try {
    const job = new Job(number) as unknown as NativeJob;
    settled = hasQueue ? start(job) : outside(() => start(job));
    hasQueue = true;
  } catch (error) {
    return Promise.reject(error);
  }
  return aborting(settled, number, signal).catch((error: unknown) => {
    throw withCaller(error, caller);
  });
}

/** What to do when a signal aborts, by job: one listener for all, since many jobs may share a signal. */
const aborts = new WeakMap<AbortSignal, Map<number, () => void>>();

function abortsOf(signal: AbortSignal): Map<number, () => void> {
  const known = aborts.get(signal);
  if (known) return known;
  const jobs = new Map<number, () => void>();
  const abortAll = (): void => {
    for (const abort of [...jobs.values()]) abort();
  };
  signal.addEventListener('abort', abortAll, { once: true });
  aborts.set(signal, jobs);
  return jobs;
}

function aborting<T>(
  promise: Promise<T>,
  job: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return promise;
  const jobs = abortsOf(signal);
  return new Promise<T>((resolve, reject) => {
    jobs.set(job, () => {
      jobs.delete(job);
      if (native.cancel_job(job)) reject(signal.reason);
    });
    promise.then(resolve, reject).finally(() => jobs.delete(job));
  });
}

function withCaller(error: unknown, caller: string | undefined): unknown {
  if (types.isNativeError(error) && caller && error.message && 'pythonType' in error) {
    const frames = caller.split('\n').slice(2).join('\n');
    error.stack = `${error.name}: ${error.message}\n${frames}`;
  }
  return error;
}
