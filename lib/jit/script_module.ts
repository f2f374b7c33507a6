/** Modules that Python exported by `torch.jit.script` or `torch.jit.trace`. Source: torch/jit/_script.py. */
import { runtimeError, typeError } from '../bindings/errors';
import { type Handle, handleOf, isTensor } from '../bindings/handle';
import { type AsyncOptions, splitSignal, submit } from '../bindings/jobs';
import { native } from '../bindings/native';
import type { ScriptDescription } from '../bindings/native/scripts';
import { wrap } from '../bindings/wrap';
import { isOptions } from '../dispatch/arguments';
import { keptState, usesState } from '../memory/state';
import { Module } from '../nn/modules/module';
import { hasAttribute } from '../nn/modules/registry';
import { Parameter } from '../nn/parameter';
import { isComplex } from '../tensor/scalar';
import { Tensor } from '../tensor/tensor';
import { checkMemo, type Memo } from '../utils/deepcopy';
import { decode, encode } from './values';

// biome-ignore lint/suspicious/noExplicitAny: as of Module
type Any = any;

type Attribute = ScriptDescription['attributes'][number];
type Parameters = ScriptDescription['methods'][number]['parameters'];

/** The tensors of a file by their identity, so that shared weights are one object. */
type Known = Map<number | bigint, Tensor>;

/**
 * A module of TorchScript, as {@link load} returns it. It computes what its Python class does, and is used like any other
 * module: it has parameters, buffers and submodules, trains with losses and optimizers, moves to other devices and dtypes,
 * and can be saved for Python.
 *
 * Exported methods are methods of the object, and its attributes are properties. Arguments are converted by the types in
 * Python: a list or tuple is an array, a dictionary a plain object or a Map, None is null. Arguments by name go into a
 * trailing object.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.jit.ScriptModule.html
 *
 * @typeParam Args - the parameters of `forward`
 * @typeParam Result - the result of `forward`
 */
export class ScriptModule<Args extends unknown[] = Any[], Result = Any> extends Module<
  Args,
  Result
> {
  readonly #holder: Tensor;
  readonly #name: string;
  readonly #methods: ReadonlyMap<string, Parameters>;

  /** @internal Use {@link load}. */
  constructor(holder: Tensor, secret: symbol, known: Known = new Map()) {
    if (secret !== SECRET) throw typeError('ScriptModule(): use torch.jit.load');
    super();
    this.#holder = holder;
    const { name, attributes, methods } = native.script_describe(this.#handle);
    this.#name = name;
    this.#methods = new Map(methods.map((method) => [method.name, method.parameters]));
    for (const [slot, attribute] of attributes.entries()) {
      if (attribute.kind === 'module') this.#defineModule(slot, attribute, known);
      else if (attribute.kind === 'value') this.#defineValue(slot, attribute);
      else this.#defineTensor(slot, attribute, known);
    }
    for (const method of this.#methods.keys()) {
      if (hasAttribute(this, method)) continue;
      const value = (...args: unknown[]): unknown => this.#call(method, args);
      Object.defineProperty(this, method, { value });
    }
  }

  /** The name of the Python class. */
  get original_name(): string {
    return this.#name;
  }

  override forward(...args: Args): Result {
    return this.#call('forward', args) as Result;
  }

  /** Computes `forward` off the event loop. The last argument may have a `signal`. */
  override forwardAsync(
    ...args: [...args: Args, options?: AsyncOptions]
  ): Promise<Awaited<Result>> {
    return this.#callAsync('forward', args) as Promise<Awaited<Result>>;
  }

  /**
   * Writes a file that Python's `torch.jit.load` reads.
   *
   * @throws TypeError unless the path is a string; TorchError (RuntimeError) if the file cannot be written
   */
  save(f: string): void {
    if (typeof f !== 'string') throw typeError("save(): argument 'f' must be a path");
    native.script_save(this.#handle, f);
  }

  override __deepcopy__(memo: Memo): this {
    checkMemo(memo);
    const copy = new ScriptModule(wrap(native.script_copy(this.#handle)), SECRET) as this;
    memo.set(this, copy);
    const originals = this.parameters();
    for (const parameter of copy.parameters()) {
      parameter.requires_grad_(originals.next().value!.requires_grad);
    }
    return copy;
  }

  override _get_name(): string {
    return 'RecursiveScriptModule';
  }

  override extra_repr(): string {
    return `original_name=${this.#name}`;
  }

  /** @internal */
  override [keptState](): readonly unknown[] {
    return [...super[keptState](), this.#holder];
  }

  get #handle(): Handle {
    const handle = handleOf(this.#holder);
    if (handle) return handle;
    throw typeError('the ScriptModule was freed by tidy');
  }

  // --- calls --------------------------------------------------------------------------------------------------------

  #call(method: string, args: readonly unknown[]): unknown {
    usesState(this);
    const tensors: Tensor[] = [];
    const { values, names } = this.#split(method, args, tensors);
    return decode(native.script_call(this.#handle, method, values, names), tensors);
  }

  async #callAsync(method: string, args: readonly unknown[]): Promise<unknown> {
    usesState(this);
    const [others, options] = splitSignal(args);
    const tensors: Tensor[] = [];
    const { values, names } = this.#split(method, others, tensors);
    const handle = this.#handle;
    const result = await submit((job) => job.script_call(handle, method, values, names), options);
    return decode(result, tensors);
  }

  /** Encodes arguments: those by position, then those by name, with their names. */
  #split(
    method: string,
    args: readonly unknown[],
    tensors: Tensor[],
  ): { values: unknown[]; names: string[] } {
    const parameters = this.#methods.get(method) ?? [];
    const last = args.at(-1);
    const position = parameters[args.length - 1];
    const isKeywords = isOptions(last) && !isComplex(last) && !position?.type.includes('Dict[');
    let positional = isKeywords ? args.slice(0, -1) : args;
    while (positional.length > 0 && positional.at(-1) === undefined) {
      positional = positional.slice(0, -1);
    }
    const keywords = isKeywords
      ? Object.entries(last).filter(([, value]) => value !== undefined)
      : [];
    const values = [...positional, ...keywords.map(([, value]) => value)];
    return {
      values: values.map((value) => encode(value, tensors)),
      names: keywords.map(([name]) => name),
    };
  }

  // --- attributes ---------------------------------------------------------------------------------------------------

  #defineModule(slot: number, { name }: Attribute, known: Known): void {
    const holder = wrap(native.script_get(this.#handle, slot, null) as Handle);
    const child = new ScriptModule(holder, SECRET, known);
    if (!hasAttribute(this, name)) this.register_module(name, child);
    Object.defineProperty(this, name, {
      configurable: true,
      enumerable: true,
      get: () => child,
      set: (value: unknown) => {
        if (value !== child) throw runtimeError(`${REASSIGNED}, tried to replace '${name}'`);
      },
    });
  }

  /** Defines a property that reads the module's slot, since its methods may set it. */
  #defineTensor(slot: number, { name, kind, identity }: Attribute, known: Known): void {
    let current = identity === undefined ? null : (known.get(identity) ?? null);
    const read = (): Tensor | null => {
      const handle = current ? handleOf(current) || null : null;
      const encoded = native.script_get(this.#handle, slot, handle);
      if (encoded === null) current = null;
      else if ((encoded as [number, number])[1] >= 0) {
        const fresh = (encoded as [number, Handle])[1];
        current =
          kind === 'parameter' ? Reflect.construct(Tensor, [fresh], Parameter) : wrap(fresh);
      }
      return current;
    };
    const value = read();
    if (value && identity !== undefined) known.set(identity, value);
    if (!hasAttribute(this, name)) {
      if (kind === 'buffer') this.register_buffer(name, value);
      else this.register_parameter(name, value as Parameter | null);
    }
    Object.defineProperty(this, name, {
      configurable: true,
      enumerable: true,
      get: read,
      set: (next: unknown) => {
        usesState(this);
        native.script_set(this.#handle, slot, encode(next, []));
        current = isTensor(next) ? (next as Tensor) : null;
      },
    });
  }

  #defineValue(slot: number, { name }: Attribute): void {
    if (name !== 'training' && hasAttribute(this, name)) return;
    Object.defineProperty(this, name, {
      configurable: true,
      enumerable: false,
      get: () => decode(native.script_get(this.#handle, slot, null), []),
      set: (value: unknown) => native.script_set(this.#handle, slot, encode(value, [])),
    });
  }
}

/** Only {@link load} makes modules. */
export const SECRET = Symbol('torch.jit.load');

const REASSIGNED = 'Cannot re-assign modules in a ScriptModule with non-scripted module';
