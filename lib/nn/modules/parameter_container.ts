/** Modules that contain parameters. Source: torch/nn/modules/container.py. */

import {
  createError,
  indexError,
  runtimeError,
  typeError,
  valueError,
} from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe, isOptions } from '../../dispatch/arguments';
import type { Tensor } from '../../tensor/tensor';
import { Parameter } from '../parameter';
import { typename } from '../typename';
import { sliceOf } from './container';
import { Module } from './module';
import { hasAttribute } from './registry';

/** A type from which TypeScript infers no type argument. Its own `NoInfer` needs TypeScript 5.4. */
type Given<Value> = [Value][Value extends unknown ? 0 : never];

/** A value of a container. A tensor becomes a {@link Parameter}, and other values remain what they are. */
const asValue = (value: unknown): unknown =>
  isTensor(value) && !(value instanceof Parameter) ? new Parameter(value as Tensor) : value;

/**
 * Returns the lines of `extra_repr` for keys and values.
 *
 * @param typeOf - names the type of a tensor
 */
function linesOf(
  entries: Iterable<readonly [string | number, unknown]>,
  typeOf: (tensor: Tensor) => string,
): string {
  const lines: string[] = [];
  for (const [key, value] of entries) {
    if (!isTensor(value)) {
      lines.push(`  (${key}): Object of type: ${typename(value)}`);
      continue;
    }
    const tensor = value as Tensor;
    const device = tensor.device.type === 'cuda' ? ` (${tensor.device})` : '';
    const noun = tensor instanceof Parameter ? 'Parameter' : 'Tensor';
    const size = tensor.shape.join('x');
    lines.push(`  (${key}): ${noun} containing: [${typeOf(tensor)} of size ${size}${device}]`);
  }
  return lines.join('\n');
}

/** The base of both containers. A container holds its values as properties. */
abstract class Container extends Module<never[], never> {
  /** Cannot be called. */
  override forward(): never {
    throw runtimeError(`${this._get_name()} should not be called.`);
  }

  /** Sets a property. A tensor becomes a parameter. @internal */
  _assign(name: string, value: unknown): void {
    const parameter = asValue(value);
    if (parameter instanceof Parameter) this.register_parameter(name, parameter);
    else (this as unknown as Record<string, unknown>)[name] = parameter;
  }
}

// --- in order -------------------------------------------------------------------------------------------------------

/**
 * A list of parameters, which are registered. Tensors become parameters, and values of any other kind are kept as they
 * are.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
 */
export class ParameterList<Value = Parameter> extends Container {
  [index: number]: Value;
  /** @internal */
  _size = 0;

  constructor(values?: Iterable<Given<Value> | Tensor> | null) {
    super();
    if (values !== undefined && values !== null) this.extend(values);
  }

  /** The number of values. */
  override get length(): number {
    return this._size;
  }

  *[Symbol.iterator](): IterableIterator<Value> {
    for (let index = 0; index < this._size; index++) yield this[index] as Value;
  }

  /**
   * Returns the value at an index, like Python's `parameters[index]`. A negative index counts from the end.
   *
   * @throws RangeError (IndexError) for an index out of range
   */
  at(index: number): Value {
    return this[positionIn(this, index)] as Value;
  }

  /** Replaces the value at an index, like Python's `parameters[index] = value`. */
  set(index: number, value: Value | Tensor): this {
    this._assign(String(positionIn(this, index)), value);
    return this;
  }

  /** Adds a value at the end. */
  append(value: Value | Tensor): this {
    this._assign(String(this._size), value);
    this._size++;
    return this;
  }

  /** Adds values at the end. */
  extend(values: Iterable<Value | Tensor>): this {
    if (typeof values?.[Symbol.iterator] !== 'function' || isTensor(values)) {
      const problem = `should be called with an iterable, but got ${describe(values)}`;
      throw typeError(`ParameterList.extend ${problem}`);
    }
    for (const value of [...values]) this.append(value);
    return this;
  }

  /** Returns a list of the values from one index to another, like Python's `parameters[start:end]`. */
  slice(start?: number, end?: number): ParameterList<Value>;
  slice(...positions: unknown[]): ParameterList<Value> {
    return new ParameterList<Value>(sliceOf(this, positions));
  }

  override extra_repr(): string {
    return linesOf([...this].entries(), (tensor) => String(tensor.dtype));
  }
}

function positionIn({ length }: { length: number }, index: number): number {
  if (Number.isInteger(index) && index >= -length && index < length) {
    return index < 0 ? index + length : index;
  }
  throw indexError(`index ${typeof index === 'number' ? index : describe(index)} is out of range`);
}

// --- by name --------------------------------------------------------------------------------------------------------

/** Parameters by name. A plain object is sorted by its keys, as a `dict` is in Python. A Map keeps its order. */
export type ParameterMapping<Value> =
  | Readonly<Record<string, Value | Tensor>>
  | ParameterDict<Value>
  | Iterable<readonly [string, Value | Tensor]>;

/**
 * A dictionary of parameters, which are registered. Tensors become parameters, and values of any other kind are kept as
 * they are. A value is also a property: `parameters.left`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
 */
export class ParameterDict<Value = Parameter> extends Container {
  /** @internal */
  _keys: ReadonlySet<string> = new Set();

  constructor(parameters?: ParameterMapping<Given<Value>> | null) {
    super();
    if (parameters !== undefined && parameters !== null) this.update(parameters);
  }

  /** The number of values. */
  override get length(): number {
    return this._keys.size;
  }

  /** Iterates over the names. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.keys()[Symbol.iterator]();
  }

  /** Returns the value with a name, or `fallback` if there is none. */
  get(key: string): Value | null;
  get<Fallback>(key: string, fallback: Fallback): Value | Fallback;
  get(key: string, fallback: unknown = null): unknown {
    return this.has(key) ? valueIn(this, key) : fallback;
  }

  /** Adds or replaces a value, like Python's `parameters[key] = value`. */
  set(key: string, value: Value | Tensor): this {
    if (typeof key !== 'string') {
      throw typeError(
        `Index given to ParameterDict cannot be used as a key as it is not a string (type is '${typename(key)}'). ` +
          'Open an issue on github if you need non-string keys.',
      );
    }
    if (!this.has(key) && hasAttribute(this, key)) {
      throw createError('KeyError', `attribute '${key}' already exists`);
    }
    this._assign(key, value);
    this._keys = new Set([...this._keys, key]);
    return this;
  }

  /** Returns whether a name has a value, like Python's `key in parameters`. */
  has(key: string): boolean {
    return this._keys.has(key);
  }

  /** Returns the value with a name. If there is none, adds `fallback` first. */
  setdefault(key: string, fallback: Value | Tensor | null = null): Value {
    if (!this.has(key)) this.set(key, fallback as Value);
    return valueIn(this, key);
  }

  /** Removes the value with a name, and returns it. */
  pop(key: string): Value {
    const value = valueIn(this, key);
    this._keys = new Set([...this._keys].filter((other) => other !== key));
    delete (this as unknown as Record<string, unknown>)[key];
    return value;
  }

  /** Removes the last name with its value, and returns both. */
  popitem(): [key: string, value: Value] {
    const key = this.keys().at(-1);
    if (key === undefined) throw createError('KeyError', "'dictionary is empty'");
    return [key, this.pop(key)];
  }

  /** Removes all values. */
  clear(): void {
    for (const key of this.keys()) this.pop(key);
  }

  /** Returns a container with the same values. */
  copy(): ParameterDict<Value> {
    return new ParameterDict<Value>(this.items());
  }

  /** Returns a new container that has one value for all names. */
  fromkeys<Other = null>(keys: Iterable<string>, value?: Other): ParameterDict<Other>;
  fromkeys(keys: Iterable<string>, value: unknown = null): ParameterDict<unknown> {
    if (typeof keys?.[Symbol.iterator] !== 'function') {
      throw typeError(`ParameterDict.fromkeys takes an iterable of names, got ${describe(keys)}`);
    }
    return new ParameterDict([...keys].map((key) => [key, value] as const));
  }

  /** Adds or replaces values. */
  update(parameters: ParameterMapping<Value>): void {
    for (const [key, value] of entriesOf(parameters)) this.set(key, value as Value);
  }

  keys(): string[] {
    return [...this._keys];
  }

  values(): Value[] {
    return this.items().map(([, value]) => value);
  }

  items(): [string, Value][] {
    return this.keys().map((key) => [key, valueIn(this, key)]);
  }

  override extra_repr(): string {
    return linesOf(this.items(), typename);
  }
}

function valueIn<Value>(dict: ParameterDict<Value>, key: string): Value {
  if (dict.has(key)) return (dict as unknown as Record<string, Value>)[key] as Value;
  throw createError('KeyError', typeof key === 'string' ? `'${key}'` : describe(key));
}

function entriesOf(parameters: unknown): readonly (readonly [string, unknown])[] {
  if (parameters instanceof ParameterDict) return parameters.items();
  if (isOptions(parameters)) {
    return Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  }
  if (typeof (parameters as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
    throw typeError(
      `ParametersDict.update should be called with an iterable of key/value pairs, but got ${describe(parameters)}`,
    );
  }
  return [...(parameters as Iterable<unknown>)].map((pair, index) => {
    const place = `ParameterDict update sequence element #${index}`;
    if (!Array.isArray(pair)) throw typeError(`${place} should be Iterable; is ${describe(pair)}`);
    if (pair.length !== 2) throw valueError(`${place} has length ${pair.length}; 2 is required`);
    return pair as [string, unknown];
  });
}
