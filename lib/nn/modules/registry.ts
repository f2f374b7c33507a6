/** Tracks which properties of a module are its parameters, buffers and submodules. */
import { createError, typeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { type StateKeeper, usesState } from '../../memory/state';
import type { Tensor } from '../../tensor/tensor';
import { typename } from '../typename';

/** The kinds of registered properties. */
export type Kind = 'parameter' | 'buffer' | 'module';

const EXPECTED: Record<Kind, readonly [noun: string, type: string]> = {
  parameter: ['parameter', 'torch.nn.Parameter'],
  buffer: ['buffer', 'torch.nn.Buffer, torch.Tensor'],
  module: ['child module', 'torch.nn.Module'],
};

type Properties = Record<string, unknown>;

/**
 * Python's `_parameters`, `_buffers` and `_modules` of one module.
 *
 * The values are properties of the module. This registry holds their kinds, in the order of registration. A registered
 * property throws if a value of another kind is assigned. A new property that holds a parameter or a module is
 * registered when the registry is next used.
 */
export class Registry {
  readonly #owner: Properties & StateKeeper;
  readonly #kindOfValue: (value: unknown) => Kind | undefined;
  readonly #kinds = new Map<string, Kind>();
  readonly #temporary = new Set<string>();
  readonly #replaced = new Set<string>();

  /**
   * @param owner - the module
   * @param kindOfValue - returns the kind that a value has without being registered explicitly
   */
  constructor(owner: StateKeeper, kindOfValue: (value: unknown) => Kind | undefined) {
    this.#owner = owner as Properties & StateKeeper;
    this.#kindOfValue = kindOfValue;
  }

  /**
   * Checks a name that is to be registered.
   *
   * @throws TorchError (KeyError) if the name is taken, is empty or contains a dot; TypeError unless it is a string
   */
  checkName(name: unknown, kind: Kind): asserts name is string {
    if (typeof name !== 'string') {
      throw typeError(`${kind} name should be a string. Got ${typename(name)}`);
    }
    if (name === '') throw keyError(`${kind} name can't be empty string ""`);
    if (name.includes('.')) {
      const got = kind === 'module' ? `, got: ${name}` : '';
      throw keyError(`${kind} name can't contain "."${got}`);
    }
    if (hasAttribute(this.#owner, name) && this.kindOf(name) !== kind) {
      throw keyError(`attribute '${name}' already exists`);
    }
  }

  /** Sets a property and registers it with this kind. */
  register(name: string, kind: Kind, value: unknown): void {
    usesState(this.#owner);
    this.#observe();
    this.#setKind(name, kind);
    (this.#owner as Properties)[name] = value ?? null;
    this.#guard(name);
  }

  /** Sets whether a buffer is part of the saved state. */
  setPersistent(name: string, persistent: boolean): void {
    if (persistent) this.#temporary.delete(name);
    else this.#temporary.add(name);
  }

  /**
   * Replaces a parameter, a buffer or another property by any tensor. Returns a function that puts the original back,
   * and returns the value that the property had until then.
   */
  replace(name: string, value: Tensor): () => unknown {
    this.#observe();
    const owner = this.#owner;
    const existed = Object.hasOwn(owner, name);
    const original = owner[name];
    this.#replaced.add(name);
    owner[name] = value;
    return () => {
      const latest = owner[name];
      if (existed) owner[name] = original;
      else delete owner[name];
      this.#replaced.delete(name);
      return latest;
    };
  }

  /** Registers in another registry what is registered here, with copies of the values. */
  copyTo(other: Registry, copyOf: (value: unknown) => unknown): void {
    this.#observe();
    for (const [name, kind] of this.#kinds) {
      other.register(name, kind, copyOf(this.#owner[name]));
      other.setPersistent(name, !this.#temporary.has(name));
    }
  }

  kindOf(name: string): Kind | undefined {
    this.#observe();
    return this.#kinds.get(name);
  }

  /** Returns the registered properties of a kind, with null for those without a value. */
  members<T>(kind: Kind): [name: string, value: T | null][] {
    this.#observe();
    const members: [string, T | null][] = [];
    for (const [name, known] of this.#kinds) {
      if (known === kind) members.push([name, (this.#owner[name] ?? null) as T | null]);
    }
    return members;
  }

  /** Returns the saved state: the parameters and the persistent buffers. */
  state(): Map<string, Tensor> {
    const parameters = this.members<Tensor>('parameter');
    const buffers = this.members<Tensor>('buffer');
    const persistent = buffers.filter(([name]) => !this.#temporary.has(name));
    const state = new Map<string, Tensor>();
    for (const [name, value] of [...parameters, ...persistent]) {
      if (value) state.set(name, value);
    }
    return state;
  }

  /** Registers properties that were assigned since the last call, and removes those that were deleted. */
  #observe(): void {
    for (const name of this.#kinds.keys()) {
      if (!Object.hasOwn(this.#owner, name)) this.#kinds.delete(name);
    }
    for (const name of Object.keys(this.#owner)) {
      const kind = this.#kindFor(name, this.#owner[name]);
      if (!kind) continue;
      this.#setKind(name, kind);
      this.#guard(name);
    }
  }

  /**
   * Makes assignments to a registered property behave like `Module.__setattr__`. A class field of a subclass may have
   * replaced the accessor.
   */
  #guard(name: string): void {
    if (Object.getOwnPropertyDescriptor(this.#owner, name)?.set) return;
    let value = this.#owner[name];
    Object.defineProperty(this.#owner, name, {
      configurable: true,
      enumerable: true,
      get: () => value,
      set: (next: unknown) => {
        usesState(this.#owner);
        const kind = this.#kindFor(name, next);
        if (kind) this.#setKind(name, kind);
        value = next;
      },
    });
  }

  /**
   * Returns the kind of a property after a value is assigned to it. A parameter can replace any kind, and a module any
   * kind but a parameter.
   *
   * @throws TypeError for a value that the property's kind does not accept
   */
  #kindFor(name: string, value: unknown): Kind | undefined {
    const known = this.#kinds.get(name);
    if (this.#replaced.has(name)) return known;
    const own = this.#kindOfValue(value);
    if (own === 'parameter' || (own && known !== 'parameter')) return own;
    const isEmpty = value === null || value === undefined;
    if (!known || isEmpty || (known === 'buffer' && isTensor(value))) return known;
    const [noun, type] = EXPECTED[known];
    throw typeError(
      `cannot assign '${typename(value)}' as ${noun} '${name}' (${type} or None expected)`,
    );
  }

  #setKind(name: string, kind: Kind): void {
    if (this.#kinds.get(name) === kind) return;
    this.#kinds.delete(name); // so that it comes last
    if (kind !== 'buffer') this.#temporary.delete(name);
    this.#kinds.set(name, kind);
  }
}

const keyError = (message: string): Error => createError('KeyError', message);

/** Returns Python's `hasattr`. Ignores class fields without a value, and the properties of every function. */
export function hasAttribute(owner: object, name: string): boolean {
  if (name === '__proto__') return true;
  if (Object.hasOwn(owner, name)) return (owner as Properties)[name] !== undefined;
  let prototype = Object.getPrototypeOf(owner);
  while (prototype && prototype !== Function.prototype) {
    if (Object.hasOwn(prototype, name)) return true;
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}
