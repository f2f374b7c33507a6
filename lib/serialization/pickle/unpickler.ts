/**
 * Reads pickles of the protocols 2 to 5 that name no class or function but those it is given. So nothing in a file is
 * executed. Source: torch/_weights_only_unpickler.py and pickle.py.
 */
import { createError } from '../../bindings/errors';
import { dataView, size64 } from '../reader';
import { OP, REFUSED } from './opcodes';
import { Conversion, Dict, Global, Internal, Tuple } from './values';

/** The names that a pickle may contain, and the meaning of its references to storages. */
interface Allowed {
  /** Returns a class, function or constant by its qualified name, or undefined if a pickle may not name it. */
  global(name: string): unknown;
  /** Returns the value of a persistent id. */
  persistent(id: unknown): unknown;
}

/** Modules that Python refuses by name. */
const BLOCKED = new Set(['sys', 'os', 'posix', 'nt']);

export const unpicklingError = (problem: string): Error =>
  createError('UnpicklingError', `Weights only load failed. ${problem}`);

/**
 * Returns the object in a pickle. OrderedDict and dict become Maps and plain objects, tuples frozen arrays.
 *
 * @throws TorchError (UnpicklingError) for a pickle that is damaged, or that names anything else than what is allowed
 */
export function unpickle(bytes: Uint8Array, allowed: Allowed): unknown {
  const value = new Machine(bytes, allowed).run();
  return new Conversion((problem) => unpicklingError(`The pickle ${problem}`)).convert(value);
}

const MARK = Symbol('mark');

class Machine {
  readonly #view: DataView;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at = 0;
  /** The number of elements that calls may copy: each element in a pickle takes a byte. */
  #budget: number;

  constructor(
    readonly bytes: Uint8Array,
    readonly allowed: Allowed,
  ) {
    this.#view = dataView(bytes);
    this.#budget = bytes.length;
  }

  run(): unknown {
    for (;;) {
      const opcode = this.#byte();
      if (opcode === OP.STOP) return this.pop();
      const step = STEPS.get(opcode);
      if (!step) {
        const name = REFUSED[opcode] ?? `0x${opcode.toString(16).padStart(2, '0')}`;
        throw unpicklingError(`Unsupported operand ${opcode} (${name})`);
      }
      step(this);
    }
  }

  // --- bytes ----------------------------------------------------------------------------------------------------------

  take(length: number): Uint8Array {
    const from = this.#at;
    if (!(length <= this.bytes.length - from)) throw unpicklingError('The pickle is truncated');
    this.#at += length;
    return this.bytes.subarray(from, from + length);
  }

  #byte(): number {
    return this.take(1)[0]!;
  }

  /** Reads a length of 1, 4 or 8 bytes. */
  length(size: 1 | 4 | 8): number {
    const at = this.#at;
    this.take(size);
    if (size === 1) return this.#view.getUint8(at);
    return size === 4 ? this.#view.getUint32(at, true) : size64(this.#view, at);
  }

  integer(size: 1 | 2 | 4): number {
    const at = this.#at;
    this.take(size);
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at, true) : this.#view.getInt32(at, true);
  }

  float(): number {
    const at = this.#at;
    this.take(8);
    return this.#view.getFloat64(at);
  }

  text(length: number): string {
    try {
      return UTF8.decode(this.take(length));
    } catch (error) {
      if (error instanceof TypeError) throw unpicklingError('A text is no UTF-8');
      throw error;
    }
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw unpicklingError('The pickle is truncated');
    const text = this.text(end - this.#at);
    this.#at++;
    return text;
  }

  long(length: number): number | bigint {
    const bytes = this.take(length);
    if (length === 0) return 0;
    const hex = Buffer.from(bytes).reverse().toString('hex');
    const value = BigInt.asIntN(8 * length, BigInt(`0x${hex}`));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  // --- stack ----------------------------------------------------------------------------------------------------------

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    const value = this.#stack.pop();
    if (this.#stack.length === 0 && value === undefined) throw unpicklingError(EMPTY);
    if (value === MARK) throw unpicklingError('A mark is in the place of a value');
    return value;
  }

  top(): unknown {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw unpicklingError(EMPTY);
    return value;
  }

  popMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw unpicklingError('The pickle lacks a mark');
    return this.#stack.splice(mark).slice(1);
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  /** Replaces the topmost values by a tuple of them. */
  tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop()).reverse();
    this.push(new Tuple(items));
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw unpicklingError(`Memo value not found at index ${index}`);
    this.push(value);
  }

  put(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  // --- containers -----------------------------------------------------------------------------------------------------

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) {
      throw unpicklingError(`Can only append to lists, but got ${nameOf(list)}`);
    }
    for (const item of items) list.push(item);
  }

  add(items: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) {
      throw unpicklingError(`Can only add to sets, but got ${nameOf(set)}`);
    }
    for (const item of items) set.add(hashable(item));
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Dict)) {
      throw unpicklingError(
        `Can only set items of dict, collections.OrderedDict, collections.Counter, but got ${nameOf(dict)}`,
      );
    }
    if (items.length % 2 !== 0) throw unpicklingError('A dictionary has a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.set(hashable(items[i]), items[i + 1]);
  }

  // --- classes and functions ------------------------------------------------------------------------------------------

  global(module: string, name: string): void {
    const path = `${module === '__builtin__' ? 'builtins' : module}.${name}`;
    const found = this.allowed.global(path);
    if (found !== undefined) {
      this.push(found);
      return;
    }
    if (BLOCKED.has(module)) {
      throw unpicklingError(
        `Trying to load unsupported GLOBAL ${path} whose module ${module} is blocked.`,
      );
    }
    throw unpicklingError(
      `Unsupported global: GLOBAL ${path.replace(/^builtins\./, '')} was not an allowed global by default. ` +
        'Tensors, numbers, texts and plain containers of them can be loaded: save those in Python, such as ' +
        '`model.state_dict()`.',
    );
  }

  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof Global)) {
      throw unpicklingError(`Trying to call reduce for unrecognized function ${nameOf(callee)}`);
    }
    if (!(args instanceof Tuple)) throw unpicklingError('The arguments of a call are no tuple');
    this.#spend(args.items);
    this.push(callee.call(args.items));
  }

  // A pickle may pass one long text or list to many calls, each of which copies it.
  #spend(args: readonly unknown[]): void {
    for (const argument of args) {
      if (typeof argument === 'string' || Array.isArray(argument)) this.#budget -= argument.length;
      if (argument instanceof Map) this.#budget -= argument.size;
    }
    if (this.#budget < 0) throw unpicklingError('The pickle copies its contents many times');
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Dict && target.type === 'OrderedDict' && state instanceof Dict) {
      target.attributes = state;
      return;
    }
    throw unpicklingError(`Can only build OrderedDict, but got ${nameOf(target)}`);
  }
}

const EMPTY = 'The pickle takes a value from an empty stack';
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns Python's name of a value's type. */
export function nameOf(value: unknown): string {
  if (value === null) return 'NoneType';
  if (value instanceof Internal) return value.name;
  if (value instanceof Dict) return value.type;
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Set) return 'set';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    case 'bigint':
      return 'int';
    default:
      return (value as object | undefined)?.constructor?.name ?? 'object';
  }
}

function hashable(key: unknown): unknown {
  if (key instanceof Dict || key instanceof Set || Array.isArray(key)) {
    throw unpicklingError(`unhashable type: '${nameOf(key)}'`);
  }
  return key;
}

type Step = (machine: Machine) => void;

const constant =
  (value: unknown): Step =>
  (machine) =>
    machine.push(value);

const STEPS: ReadonlyMap<number, Step> = new Map<number, Step>([
  [OP.PROTO, (m) => void m.take(1)],
  [OP.FRAME, (m) => void m.take(8)],
  [OP.NONE, constant(null)],
  [OP.NEWTRUE, constant(true)],
  [OP.NEWFALSE, constant(false)],
  [OP.EMPTY_TUPLE, (m) => m.push(new Tuple([]))],
  [OP.EMPTY_LIST, (m) => m.push([])],
  [OP.EMPTY_DICT, (m) => m.push(new Dict('dict'))],
  [OP.EMPTY_SET, (m) => m.push(new Set())],
  [OP.BININT, (m) => m.push(m.integer(4))],
  [OP.BININT1, (m) => m.push(m.integer(1))],
  [OP.BININT2, (m) => m.push(m.integer(2))],
  [OP.BINFLOAT, (m) => m.push(m.float())],
  [OP.LONG1, (m) => m.push(m.long(m.length(1)))],
  [OP.LONG4, (m) => m.push(m.long(m.length(4)))],
  [OP.BINUNICODE, (m) => m.push(m.text(m.length(4)))],
  [OP.SHORT_BINUNICODE, (m) => m.push(m.text(m.length(1)))],
  [OP.BINUNICODE8, (m) => m.push(m.text(m.length(8)))],
  [OP.BINSTRING, (m) => m.push(m.text(m.length(4)))],
  [OP.SHORT_BINSTRING, (m) => m.push(m.text(m.length(1)))],
  [OP.BINBYTES, (m) => m.push(new Uint8Array(m.take(m.length(4))))],
  [OP.SHORT_BINBYTES, (m) => m.push(new Uint8Array(m.take(m.length(1))))],
  [OP.BINBYTES8, (m) => m.push(new Uint8Array(m.take(m.length(8))))],
  [OP.BYTEARRAY8, (m) => m.push(new Uint8Array(m.take(m.length(8))))],
  [OP.MARK, (m) => m.mark()],
  [OP.POP, (m) => void m.pop()],
  [OP.POP_MARK, (m) => void m.popMark()],
  [OP.DUP, (m) => m.push(m.top())],
  [OP.TUPLE, (m) => m.push(new Tuple(m.popMark()))],
  [OP.TUPLE1, (m) => m.tuple(1)],
  [OP.TUPLE2, (m) => m.tuple(2)],
  [OP.TUPLE3, (m) => m.tuple(3)],
  [OP.APPEND, (m) => m.append([m.pop()])],
  [OP.APPENDS, (m) => m.append(m.popMark())],
  [OP.ADDITEMS, (m) => m.add(m.popMark())],
  [OP.FROZENSET, (m) => m.push(new Set(m.popMark().map(hashable)))],
  [OP.SETITEM, (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [OP.SETITEMS, (m) => m.setItems(m.popMark())],
  [OP.BINGET, (m) => m.get(m.length(1))],
  [OP.LONG_BINGET, (m) => m.get(m.length(4))],
  [OP.BINPUT, (m) => m.put(m.length(1))],
  [OP.LONG_BINPUT, (m) => m.put(m.length(4))],
  [OP.MEMOIZE, (m) => m.put()],
  [OP.GLOBAL, (m) => m.global(m.line(), m.line())],
  [
    OP.STACK_GLOBAL,
    (m) => {
      const [name, module] = [m.pop(), m.pop()];
      if (typeof name !== 'string' || typeof module !== 'string') {
        throw unpicklingError('STACK_GLOBAL requires str');
      }
      m.global(module, name);
    },
  ],
  [OP.REDUCE, (m) => m.call()],
  [OP.NEWOBJ, (m) => m.call()],
  [OP.BUILD, (m) => m.build()],
  [OP.BINPERSID, (m) => m.push(m.allowed.persistent(m.pop()))],
]);
