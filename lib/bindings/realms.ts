/**
 * Lets the process call into a realm without keeping that realm in memory.
 *
 * Jest gives each test file a realm of its own, a context of `node:vm`, in which the package is loaded anew. The addon and
 * the timers are the process's. A function of a realm that one of them held would keep the realm with all its modules, so
 * they are given functions of the main realm, which hold those of other realms weakly.
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

// Runs in the main realm wherever it is called, and may use nothing of this one.
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
  { filename: __filename }, // for stacks: a frame of the package, not of its user
) as MainRealm;

/** Returns a function of the main realm that calls this one as long as something else keeps it. */
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

/** Sets what an addon calls. Of several realms that share it, it calls the latest that is still in use. */
export function setHooks(native: HookSetter, hooks: Hooks): void {
  if (!native[TABLE]) {
    native[TABLE] = mainRealm.hookTable();
    const { createError, emitWarning, relieve } = native[TABLE].hooks;
    native.set_hooks(createError, emitWarning, relieve);
  }
  native[TABLE].add(hooks);
}

/** Returns an array of this realm: those of the native side are of the main one. */
export function ownArray<T>(array: T[]): T[] {
  return Object.getPrototypeOf(array) === Array.prototype ? array : Array.from(array);
}
