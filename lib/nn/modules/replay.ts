/** `forwardAsync` of modules: their forward is run as dispatch/replay.ts says. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { typeError } from '../../bindings/errors';
import { splitSignal } from '../../bindings/jobs';
import { type Modes, native } from '../../bindings/native';
import { finishRecorded, Pause, part, replayed } from '../../dispatch/replay';
import type { Module } from './module';

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
  return part((step) => {
    if (!isOwn) {
      checkBuiltIn(module);
      return call();
    }
    // Its value, once it is known, ends the part.
    finishRecorded();
    throw new Pause(
      (value) => {
        step.value = value;
      },
      (options) => module.forwardAsync(...args, ...(options.signal ? [options] : [])),
    );
  });
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
    inside.run(modes, () =>
      replayed(
        () => call(inputs),
        (run) => withModes(modes, run),
        options,
      ),
    );
  // A submodule's call, which a user's forwardAsync makes, is part of one that runs.
  if (outer) return start();
  const result = running === 0 ? start() : last.then(start);
  running++;
  last = result.then(leave, leave);
  return result;
}

/** Runs a function in captured modes. */
export function withModes<T>(modes: Modes, run: () => T): T {
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
