/** Starts collectives, and makes promises of them. native/distributed/collectives.cc runs them off the event loop. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { typeError } from '../bindings/errors';
import { type AsyncOptions, splitSignal } from '../bindings/jobs';
import { type NativeJob, native } from '../bindings/native';
import { outside } from '../bindings/outside';
import { describe } from '../dispatch/arguments';
import { setDistributedClasses } from '../dispatch/marshalling';
import type { Operator } from '../dispatch/operators';
import { type Declarations, Signature, type ValuesOf } from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';
import { ProcessGroup } from './process_group';
import { ReduceOp } from './reduce_op';
import { Work } from './work';

setDistributedClasses({
  group: (value) => (value instanceof ProcessGroup ? value.native : undefined),
  nameOf: (value) => (value instanceof ProcessGroup ? value.group_name : undefined),
  reduceOp: (value) => (value instanceof ReduceOp ? value.code : undefined),
  work: (sourceRank) => Work._ended(sourceRank),
});

/** The number of the latest collective, by which it can be aborted. */
let latest = 0;

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal && typeof signal.addEventListener !== 'function') {
    throw typeError(`'signal' must be an AbortSignal, got ${describe(signal)}`);
  }
}

/** Makes a promise reject when the signal is aborted. `abort` then ends what goes on, as far as it can. */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  abort: () => void = () => {},
): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      abort();
      reject(signal.reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** What several collectives in a row wait for. */
let sequence: Promise<unknown> | undefined;
/** Whether a call is one of them, or one of a communication hook, which waits for no others. */
const place = new AsyncLocalStorage<'sequence' | 'hook'>();

/** Runs a communication hook. A backward pass waits for it, so its collectives come before all others. */
export const inCommHook = <T>(run: () => T): T => place.run('hook', run);

/** Runs several collectives in a row. Those that are started meanwhile come after them, in all processes. */
export function exclusively<T>(run: () => Promise<T>): Promise<T> {
  if (place.getStore() === 'hook') return run();
  const before = sequence;
  const result = place.run('sequence', async () => {
    await before;
    return run();
  });
  const end: Promise<void> = result.then(
    () => {},
    () => {},
  );
  sequence = end;
  end.then(() => {
    if (sequence === end) sequence = undefined;
  });
  return result;
}

/** Gives an error from another thread the stack of the call that it is about. */
function withCaller(error: unknown, { stack }: Error): unknown {
  if (types.isNativeError(error) && stack && 'pythonType' in error) {
    error.stack = `${error.name}: ${error.message}\n${stack.split('\n').slice(2).join('\n')}`;
  }
  return error;
}

/** Starts a native call that waits for the other processes, after the collectives that run in a row. */
export function afterSequence<T>(start: () => Promise<T>): Promise<T> {
  const caller = new Error(); // its stack becomes a text if it is read
  const begin = (): Promise<T> => outside(start);
  const started = sequence && !place.getStore() ? sequence.then(begin) : begin();
  return started.catch((error: unknown) => {
    throw withCaller(error, caller);
  });
}

function run(
  operator: Operator,
  args: readonly unknown[],
  wantsResults: boolean,
  signal?: AbortSignal,
): Promise<unknown> {
  const number = ++latest;
  const isInHook = place.getStore() === 'hook';
  const job = {
    call_operator: (...call: Parameters<NativeJob['call_operator']>) =>
      native.dist_collective(number, wantsResults, isInHook, ...call),
  } as unknown as NativeJob;
  const promise = afterSequence(() => operator.call(args, job) as Promise<unknown>);
  return abortable(promise, signal, () => native.dist_abort(number));
}

/** Calls an operator of `torch.ops.c10d` or `torch.ops._c10d_functional`. The promise settles when it has ended. */
export async function callOperator(operator: Operator, args: readonly unknown[]): Promise<unknown> {
  const [others, { signal }] = splitSignal(args);
  checkSignal(signal);
  signal?.throwIfAborted();
  return run(operator, others, true, signal);
}

/**
 * Starts a collective.
 *
 * @param outputs - the tensors that it writes, for `Work.result`
 */
export function launch(
  operator: Operator,
  args: readonly unknown[],
  { signal, outputs = [] }: AsyncOptions & { outputs?: readonly Tensor[] } = {},
): Work {
  return Work._of(run(operator, args, false, signal), outputs);
}

/**
 * Defines a function that reads its arguments by a signature, and waits for other processes. It returns a promise, which
 * rejects for wrong arguments too; with `async_op: true` it returns a Work, and throws for wrong arguments.
 *
 * @param start - starts the collective. Returns null if this process is not in the group
 */
export function defineCollective<F, D extends Declarations>(
  name: string,
  declarations: D,
  start: (values: ValuesOf<D>, options: AsyncOptions) => Work | null,
): F {
  return defineAsync(name, declarations, (values, options) => {
    const work = start(values, options);
    if ((values as { async_op?: boolean }).async_op) return work;
    return work ? work.wait().then(() => undefined) : undefined;
  });
}

/** Like {@link defineCollective}, for a function that returns a promise of something else. */
export function defineAsync<F, D extends Declarations>(
  name: string,
  declarations: D,
  start: (values: ValuesOf<D>, options: AsyncOptions) => unknown,
): F {
  const signature = new Signature(name, declarations);
  const call = (...args: unknown[]): unknown => {
    let isWork = false;
    try {
      const [others, options] = splitSignal(args);
      const values = signature.read(others);
      isWork = (values as { async_op?: boolean }).async_op === true;
      checkSignal(options.signal);
      options.signal?.throwIfAborted();
      const result = start(values, options);
      return isWork ? result : Promise.resolve(result);
    } catch (error) {
      if (isWork) throw error;
      return Promise.reject(error);
    }
  };
  Object.defineProperty(call, 'name', { value: name });
  Object.defineProperty(call, 'signature', { value: signature.description });
  return call as F;
}
