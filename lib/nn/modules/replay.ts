/**
 * Runs the forward of modules off the event loop, one operator after the other.
 *
 * A forward is JavaScript code between calls of operators. It is run again for each operator: calls that were made
 * before return their results at once, and the first new one ends the run. That operator then computes as a job, and its
 * result is known in the next run. So a forward is written once, and each operator is called once, in order.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { typeError } from '../../bindings/errors';
import { type AsyncOptions, splitSignal, submit } from '../../bindings/jobs';
import { type Modes, type NativeJob, native } from '../../bindings/native';
import { deferOperators } from '../../dispatch/operators';
import type { Module } from './module';

/** A call within a forward. It has a value once it is finished. */
interface Step {
  value?: unknown;
  /** The calls within the forward of a submodule. */
  readonly inner?: Step[];
}

/** The calls of the forward that runs now, and how many of them it has made so far in this run. */
interface Frame {
  readonly steps: Step[];
  position: number;
}

/** Is thrown to end a run. */
class Pause {
  constructor(
    readonly start: (options: AsyncOptions) => Promise<unknown>,
    readonly finish: (value: unknown) => void,
  ) {}
}

let frame: Frame | undefined;

/** Whether a forward runs off the event loop. */
export const isReplaying = (): boolean => frame !== undefined;

/** Runs a function in a frame, or outside of all frames. */
function within<T>(next: Frame | undefined, run: () => T): T {
  const outer = frame;
  frame = next;
  deferOperators(next && defer);
  try {
    return run();
  } finally {
    frame = outer;
    deferOperators(outer && defer);
  }
}

/** Returns the result of an operator, or ends the run so that it is computed. Views are made at once. */
function defer(call: (job?: NativeJob) => unknown, isView: boolean): unknown {
  const { steps } = frame!;
  const known = steps[frame!.position++];
  if (known) return known.value;
  const finish = (value: unknown): void => {
    steps.push({ value });
  };
  if (!isView) {
    const start = (options: AsyncOptions): Promise<unknown> =>
      submit((job) => call(job) as Promise<unknown>, options);
    throw new Pause(start, finish);
  }
  const value = call();
  finish(value);
  return value;
}

/** Runs a function of the user, with its operators on this thread, once in all runs. */
export function once<T>(run: () => T): T {
  if (!frame) return run();
  const { steps } = frame;
  const known = steps[frame.position++];
  if (known) return known.value as T;
  const value = within(undefined, run);
  steps.push({ value });
  return value;
}

/**
 * Calls a submodule within the forward of another.
 *
 * @param call - calls it
 * @param isOwn - whether its class has a `forwardAsync` of its own
 */
export function replayCall(
  module: Module,
  args: readonly unknown[],
  call: () => unknown,
  isOwn: boolean,
): unknown {
  const { steps } = frame!;
  const index = frame!.position++;
  const step = (steps[index] ??= { inner: [] });
  if ('value' in step) return step.value;
  if (isOwn) {
    throw new Pause(
      (options) => module.forwardAsync(...args, ...(options.signal ? [options] : [])),
      (value) => {
        steps[index] = { value };
      },
    );
  }
  checkBuiltIn(module);
  const value = within({ steps: step.inner!, position: 0 }, call);
  steps[index] = { value };
  return value;
}

/** Classes of modules whose forward can be run again, and which are not exported. */
export const builtIns = new WeakSet<object>();

let exported: Readonly<Record<string, unknown>> = {};

/** Makes the exported classes known: their forward can be run again. */
export function knowExports(exports: object): void {
  exported = exports as Readonly<Record<string, unknown>>;
}

const isOfPackage = (Class: { readonly name: string }): boolean =>
  exported[Class.name] === Class || builtIns.has(Class);

/** Throws a TypeError if the forward of a module is the user's, because it may do more than call operators. */
function checkBuiltIn(module: Module): void {
  let owner: object = module;
  // A class of this package that has no forward inherits it from another of this package.
  while (!isOfPackage(owner.constructor) && !Object.hasOwn(owner, 'forward')) {
    owner = Object.getPrototypeOf(owner);
  }
  if (isOfPackage(owner.constructor)) return;
  throw typeError(
    `${module._get_name()}.forwardAsync(): a class that defines forward must also define ` +
      '`async forwardAsync`, which awaits the forwardAsync of its submodules',
  );
}

/** The modes of the call in which code runs: autocast, grad mode and inference mode may have changed before a later run. */
const inside = new AsyncLocalStorage<Modes>();
let running = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * Implements `module.forwardAsync`. Calls run one after another, in the order in which they were made, so that random
 * numbers are those of synchronous calls.
 *
 * @param args - the inputs, and AsyncOptions at the end
 * @param call - calls the module
 */
export async function replay<T>(
  module: Module,
  args: readonly unknown[],
  call: (inputs: readonly unknown[]) => T,
): Promise<T> {
  checkBuiltIn(module);
  const [inputs, options] = splitSignal(args);
  const outer = inside.getStore();
  const modes = outer ?? native.capture_modes();
  const start = (): Promise<T> =>
    inside.run(modes, () => finish(() => call(inputs), modes, options));
  // A submodule's call, which a user's forwardAsync makes, is part of one that runs.
  if (outer) return start();
  const result = running === 0 ? start() : last.then(start);
  running++;
  last = result.then(leave, leave);
  return result;
}

function withModes<T>(modes: Modes, run: () => T): T {
  const before = native.capture_modes();
  native.set_modes(modes);
  try {
    return run();
  } finally {
    native.set_modes(before);
  }
}

const leave = (): void => {
  running--;
};

/** Runs a forward until no operator is missing. */
async function finish<T>(call: () => T, modes: Modes, options: AsyncOptions): Promise<T> {
  const steps: Step[] = [];
  for (;;) {
    try {
      return withModes(modes, () => within({ steps, position: 0 }, call));
    } catch (error) {
      if (!(error instanceof Pause)) throw error;
      error.finish(await withModes(modes, () => error.start(options)));
    }
  }
}
