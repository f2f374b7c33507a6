/** Writes pickles of protocol 2 with the opcodes that Python's `torch.load` reads by default. */
import { types } from 'node:util';

import { typeError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe, isOptions } from '../../dispatch/arguments';
import { Device } from '../../tensor/device';
import { DType } from '../../tensor/dtype_table';
import { Layout } from '../../tensor/layout';
import { Float, isComplex, isInt } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { OP } from './opcodes';
import { isIndex, METADATA } from './values';

/** Writes a tensor by the methods of the pickler. */
type WriteTensor = (pickler: Pickler, tensor: Tensor) => void;

/** The deepest nesting, as in the reader. */
const DEEPEST = 1000;

/** A class or function by its module and name. */
export type Name = readonly [module: string, name: string];

const ORDERED_DICT: Name = ['collections', 'OrderedDict'];

export class Pickler {
  readonly #chunks: Buffer[] = [Buffer.from([OP.PROTO, 2])];
  readonly #memo = new Map<unknown, number>();
  /** The way from the object to the value that is being written, for messages. */
  readonly #path: (string | number)[] = [];

  /** @param writeTensor - writes a tensor that was not written before */
  constructor(readonly writeTensor: WriteTensor) {}

  /** Returns the pickle of an object. */
  static dump(value: unknown, writeTensor: WriteTensor): Buffer {
    const pickler = new Pickler(writeTensor);
    pickler.write(value);
    pickler.op(OP.STOP);
    return Buffer.concat(pickler.#chunks);
  }

  op(...bytes: number[]): void {
    this.#chunks.push(Buffer.from(bytes));
  }

  write(value: unknown): void {
    if (value === null) this.op(OP.NONE);
    else if (typeof value === 'boolean') this.op(value ? OP.NEWTRUE : OP.NEWFALSE);
    else if (typeof value === 'number' || typeof value === 'bigint') this.number(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value !== 'object') throw this.refusal(describe(value));
    else if (value instanceof Float) this.#float(value.value);
    else if (!this.#recall(value)) this.#object(value);
  }

  #object(value: object): void {
    if (isTensor(value)) {
      this.writeTensor(this, value as Tensor);
      this.#memorize(value);
    } else if (value instanceof DType) this.global(['torch', value.name]);
    else if (value instanceof Device) this.#device(value);
    else if (value instanceof Layout) {
      this.reduce(['torch.serialization', '_get_layout'], () => this.text(String(value)));
    } else if (types.isUint8Array(value)) this.#bytes(value);
    else if (Array.isArray(value)) {
      if (Object.isFrozen(value)) this.#tuple(value);
      else this.#list(value);
    } else if (types.isMap(value)) this.#map(value);
    else if (types.isSet(value)) this.#set(value);
    else if (isComplex(value)) {
      this.reduce(['__builtin__', 'complex'], () => {
        this.#float(value.re);
        this.#float(value.im);
      });
    } else if (isOptions(value)) {
      this.op(OP.EMPTY_DICT);
      this.#memorize(value);
      const entries = Object.entries(value);
      this.#items(entries.map(([key, member]) => [isIndex(key) ? Number(key) : key, member]));
    } else throw this.refusal(describe(value));
  }

  refusal(what: string): Error {
    const place = this.#path.map((key) => `[${JSON.stringify(key)}]`).join('');
    return typeError(
      `save(): ${place ? `the object's ${place}` : 'the object'} is ${what}, which cannot be saved: tensors, numbers, ` +
        'texts, booleans, null, Uint8Arrays, dtypes, devices and plain containers of them can; of a module save its state_dict()',
    );
  }

  // --- numbers and texts ----------------------------------------------------------------------------------------------

  number(value: number | bigint): void {
    if (!isInt(value)) {
      this.#float(value as number);
      return;
    }
    const number = Number(value);
    if (!(Math.abs(number) < 2 ** 31)) this.#long(BigInt(value));
    else if (number >= 0 && number < 256) this.op(OP.BININT1, number);
    else if (number >= 0 && number < 65_536) this.op(OP.BININT2, number & 255, number >> 8);
    else this.#packed(OP.BININT, 4, (bytes) => bytes.writeInt32LE(number, 1));
  }

  #long(value: bigint): void {
    let size = 8;
    while (BigInt.asIntN(8 * size, value) !== value) size++;
    if (size > 255) throw this.refusal('an integer of more than 255 bytes');
    const hex = BigInt.asUintN(8 * size, value)
      .toString(16)
      .padStart(2 * size, '0');
    this.op(OP.LONG1, size);
    this.#chunks.push(Buffer.from(hex, 'hex').reverse());
  }

  #float(value: number): void {
    this.#packed(OP.BINFLOAT, 8, (bytes) => bytes.writeDoubleBE(value, 1));
  }

  text(value: string): void {
    if (LONE_SURROGATE.test(value)) throw this.refusal('a text with half a surrogate pair');
    const bytes = Buffer.from(value);
    this.#packed(OP.BINUNICODE, 4, (head) => head.writeUInt32LE(bytes.length, 1));
    this.#chunks.push(bytes);
  }

  #bytes(value: Uint8Array): void {
    this.reduce(['_codecs', 'encode'], () => {
      this.text(Buffer.from(value).toString('latin1'));
      this.text('latin1');
    });
    this.#memorize(value);
  }

  #packed(opcode: number, size: number, write: (bytes: Buffer) => void): void {
    const bytes = Buffer.alloc(1 + size, opcode);
    write(bytes);
    this.#chunks.push(bytes);
  }

  // --- classes and functions ------------------------------------------------------------------------------------------

  global(name: Name): void {
    const key = name.join(' ');
    if (this.#recall(key)) return;
    this.op(OP.GLOBAL);
    this.#chunks.push(Buffer.from(`${name[0]}\n${name[1]}\n`));
    this.#memorize(key);
  }

  /** Writes a call. `args` writes its arguments. */
  reduce(name: Name, args: () => void): void {
    this.global(name);
    this.tuple(args);
    this.op(OP.REDUCE);
  }

  /** Writes a tuple. `items` writes its members. */
  tuple(items: () => void): void {
    this.op(OP.MARK);
    items();
    this.op(OP.TUPLE);
  }

  /** Makes a persistent id of the tuple that was written last. */
  persistent(): void {
    this.op(OP.BINPERSID);
  }

  orderedDict(): void {
    this.reduce(ORDERED_DICT, () => {});
  }

  #device({ type, index }: Device): void {
    this.reduce(['torch', 'device'], () => {
      this.text(type);
      if (index !== null) this.number(index);
    });
  }

  // --- containers -----------------------------------------------------------------------------------------------------

  #list(list: readonly unknown[]): void {
    this.op(OP.EMPTY_LIST);
    this.#memorize(list);
    this.op(OP.MARK);
    this.#members(list);
    this.op(OP.APPENDS);
  }

  // A tuple that contains itself would need opcodes that torch.load refuses.
  #tuple(list: readonly unknown[]): void {
    this.#memo.set(list, UNFINISHED);
    this.tuple(() => this.#members(list));
    this.#memo.delete(list);
    this.#memorize(list);
  }

  #set(set: ReadonlySet<unknown>): void {
    this.reduce(['__builtin__', 'set'], () => {
      this.op(OP.EMPTY_LIST, OP.MARK);
      this.#members([...set]);
      this.op(OP.APPENDS);
    });
    this.#memorize(set);
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.orderedDict();
    this.#memorize(map);
    this.#items([...map]);
    const metadata = Object.getOwnPropertyDescriptor(map, METADATA)?.value as unknown;
    if (metadata === undefined) return;
    this.op(OP.EMPTY_DICT);
    this.#items([[METADATA, metadata]]);
    this.op(OP.BUILD);
  }

  #members(items: readonly unknown[]): void {
    for (const [index, item] of items.entries()) this.#within(index, () => this.write(item));
  }

  #items(entries: readonly (readonly [unknown, unknown])[]): void {
    if (entries.length === 0) return;
    this.op(OP.MARK);
    for (const [key, value] of entries) {
      this.#within(typeof key === 'number' ? key : String(key), () => {
        if (typeof key === 'object' && key !== null)
          throw this.refusal('under a key that is an object');
        this.write(key);
        this.write(value);
      });
    }
    this.op(OP.SETITEMS);
  }

  #within(key: string | number, write: () => void): void {
    if (this.#path.length >= DEEPEST) {
      throw valueError(`save(): the object is nested deeper than ${DEEPEST} levels`);
    }
    this.#path.push(key);
    write();
    this.#path.pop();
  }

  // --- memo -----------------------------------------------------------------------------------------------------------

  /** Writes a reference to what was written before. Returns false if it was not. */
  #recall(key: unknown): boolean {
    const index = this.#memo.get(key);
    if (index === undefined) return false;
    if (index === UNFINISHED) throw this.refusal('a frozen array that contains itself');
    this.#indexed(index, OP.BINGET, OP.LONG_BINGET);
    return true;
  }

  #memorize(key: unknown): void {
    const index = this.#next++;
    this.#memo.set(key, index);
    this.#indexed(index, OP.BINPUT, OP.LONG_BINPUT);
  }

  #next = 0;

  #indexed(index: number, short: number, long: number): void {
    if (index < 256) this.op(short, index);
    else this.#packed(long, 4, (bytes) => bytes.writeUInt32LE(index, 1));
  }
}

const UNFINISHED = -1;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
