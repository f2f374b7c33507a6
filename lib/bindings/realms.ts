/**
 * Lets the addon and timers call functions of a realm without keeping the realm in memory.
 *
 * Jest runs each test file in a realm of its own, a context of `node:vm`, in which the package is loaded again. The
 * addon and the timers belong to the process. If one of them held a function of a realm, the realm and all its modules
 * would stay in memory. So they get functions of the main realm, which refer weakly to those of the other realms.
 */
import vm from 'node:vm';

type AnyFunction = (...args: never[]) => unknown;

/** The functions that the native side calls: `native.set_hooks`. */
export interface Hooks {
  createError(pythonType: string, message: string, cause: number): Error;
  emitWarning(category: number, origin: number, text: string): void;
  relieve(pressure: number): void;
}

interface MainRealm {
  weakly<F extends AnyFunction>(callback: F): F;
  hookTable(): { add(hooks: Hooks): void; hooks: Hooks };
}

// This code runs in the main realm, so it can use no variable of this file.
const mainRealm = vm.runInThisContext(
  `({
  weakly(callback) {
    const reference = new WeakRef(callback);
    return (...args) => reference.deref()?.(...args);
  },
  hookTable() {
    let references = [];
    const latest = () => {
      references = references.filter((reference) => reference.deref());
      return references.at(-1)?.deref();
    };
    return {
      add: (hooks) => void references.push(new WeakRef(hooks)),
      hooks: {
        createError: (pythonType, message, cause) =>
          latest()?.createError(pythonType, message, cause) ?? new Error(message),
        emitWarning: (category, origin, text) => latest()?.emitWarning(category, origin, text),
        relieve: (pressure) => latest()?.relieve(pressure),
      },
    };
  },
})`,
  { filename: __filename }, // so that warnings do not take these frames for the user's
) as MainRealm;

/** Returns a function of the main realm that calls the callback, as long as the callback is in memory. */
export const { weakly } = mainRealm;

const TABLE = Symbol.for('torch-losses hooks');

interface HookSetter {
  set_hooks(
    createError: Hooks['createError'],
    emitWarning: Hooks['emitWarning'],
    relieve: Hooks['relieve'],
  ): void;
  [TABLE]?: ReturnType<MainRealm['hookTable']>;
}

/**
 * Sets the functions that an addon calls. If several realms share the addon, it calls those of the latest realm that is
 * still in memory.
 */
export function setHooks(native: HookSetter, hooks: Hooks): void {
  if (!native[TABLE]) {
    native[TABLE] = mainRealm.hookTable();
    const { createError, emitWarning, relieve } = native[TABLE].hooks;
    native.set_hooks(createError, emitWarning, relieve);
  }
  native[TABLE].add(hooks);
}

/** Returns an array of this realm. The native side makes arrays of the main realm. */
export function ownArray<T>(array: T[]): T[] {
  return Object.getPrototypeOf(array) === Array.prototype ? array : Array.from(array);
}
