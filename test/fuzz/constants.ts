/** Hostile constants, by name. */
import torch, { type Tensor } from 'torch-losses';
import { OBJECTS_OF_GROUP, ofGroup, REDUCE_OPS, reduceOp } from './group';

/** Thrown by hostile arguments. It is the only error that does not come from the package. */
export class Injected extends Error {
  override name = 'Injected';
}
const raise = (): never => {
  throw new Injected('a getter, a trap or a callback of the caller');
};

const detached = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(64);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};

/** A constructor of resizable buffers, which TypeScript's ES2022 library lacks. */
const Resizable = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void };
const Growable = SharedArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer;

const shrunk = (): Float32Array => {
  const buffer = new Resizable(64, { maxByteLength: 128 });
  const view = new Float32Array(buffer, 32, 4);
  buffer.resize(16);
  return view;
};

const cycle = (): unknown[] => {
  const list: unknown[] = [];
  list.push(list);
  return list;
};

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
};

const throwingTraps: ProxyHandler<object> = {
  get: raise,
  has: raise,
  ownKeys: raise,
  getPrototypeOf: raise,
  getOwnPropertyDescriptor: raise,
};

const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const named = (
  names: readonly string[],
  find: (name: string) => unknown,
): Record<string, () => unknown> =>
  Object.fromEntries(names.map((name) => [name, () => find(name)]));

/**
 * Constants by name: functions, objects and buffers that no parameter accepts; numbers, strings and names that some do.
 */
export const CONSTANTS: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  '0': () => 0,
  '-0': () => -0,
  '1': () => 1,
  '2': () => 2,
  '3': () => 3,
  '4': () => 4,
  '-1': () => -1,
  '-2': () => -2,
  '-100': () => -100,
  '0.5': () => 0.5,
  '-1.5': () => -1.5,
  '1e-12': () => 1e-12,
  NaN: () => NaN,
  Infinity: () => Infinity,
  '-Infinity': () => -Infinity,
  '5e-324': () => 5e-324,
  '1e300': () => 1e300,
  '2^31': () => 2 ** 31,
  '-2^31': () => -(2 ** 31),
  '2^32+1': () => 2 ** 32 + 1,
  '2^40': () => 2 ** 40,
  '2^50': () => 2 ** 50,
  '2^53': () => 2 ** 53,
  '-2^53': () => -(2 ** 53),
  '0n': () => 0n,
  '3n': () => 3n,
  '2n^63': () => 2n ** 63n,
  '2n^63-1': () => 2n ** 63n - 1n,
  '-2n^63': () => -(2n ** 63n),
  '2n^64': () => 2n ** 64n,
  '2n^200': () => 2n ** 200n,
  "''": () => '',
  "'mean'": () => 'mean',
  "'sum'": () => 'sum',
  "'none'": () => 'none',
  "'batchmean'": () => 'batchmean',
  "'cpu'": () => 'cpu',
  "'cpu:99'": () => 'cpu:99',
  "'cuda'": () => 'cuda',
  "'meta'": () => 'meta',
  "'cuda:99999999999999999999'": () => 'cuda:99999999999999999999',
  "'sum\\0'": () => 'sum\0',
  "'a lone surrogate'": () => '\ud800',
  "'long'": () => 'x'.repeat(100_000),
  symbol: () => Symbol('hostile'),
  Date: () => new Date(0),
  Map: () => new Map([['dim', 1]]),
  Set: () => new Set([1]),
  RegExp: () => /x/,
  Promise: () => Promise.resolve(1),
  'null prototype': () => Object.create(null),
  'null prototype and a name': () => Object.assign(Object.create(null), { reduction: 'sum' }),
  'an Error': () => new Error('hostile'),
  'an AbortSignal': () => new AbortController().signal,
  'an aborted AbortSignal': () => AbortSignal.abort(new Injected('aborted')),
  'a signal that is none': () => ({ signal: 1 }),
  Math: () => Math,
  globalThis: () => globalThis,
  '{ re, im }': () => ({ re: 1, im: -1 }),
  '{ __proto__ }': () => JSON.parse('{ "__proto__": { "dim": 0 } }'),
  'getter that throws': () => ({
    get reduction() {
      return raise();
    },
  }),
  'getters that throw': () => ({
    get dim() {
      return raise();
    },
    get dtype() {
      return raise();
    },
  }),
  'length that throws': () => Object.defineProperty([1], '0', { get: raise }),
  'array-like': () => ({ length: 3, 0: 1, 1: 2, 2: 3 }),
  'array-like of length 2^53': () => ({ length: 2 ** 53 - 1 }),
  'sparse array': () => new Array(1000),
  'long array': () => new Array(100_000).fill(1),
  'array with a hole': () => Object.assign(new Array(3), { 0: 1, 2: 3 }),
  cycle,
  'nested 65 deep': () => nested(65),
  'nested 10000 deep': () => nested(10_000),
  'ragged list': () => [[1, 2], [3]],
  'list of huge': () => [2 ** 40, 2 ** 40],
  'sizes that overflow': () => [2 ** 32, 2 ** 32],
  'negative sizes': () => [-1, -5],
  'valueOf throws': () => ({ valueOf: raise, toString: raise, [Symbol.toPrimitive]: raise }),
  'iterator throws': () => ({ [Symbol.iterator]: raise }),
  'endless thenable': () => Object.defineProperty({}, 'then', { value: raise }),
  'empty proxy': () => new Proxy({}, {}),
  'proxy that throws': () => new Proxy({}, throwingTraps),
  'proxy of an array that throws': () => new Proxy([1, 2], { get: raise }),
  'proxy of a tensor': () => new Proxy(torch.ones(2), {}),
  'heir of a tensor': () => Object.create(torch.ones(2)),
  'heir of the prototype': () => Object.create(torch.Tensor.prototype),
  'tensor in new clothes': () => Object.setPrototypeOf(torch.ones(2), null),
  'revoked proxy': revoked,
  'identity function': () => (x: unknown) => x,
  'function that throws': () => raise,
  'function to nothing': () => () => undefined,
  'function to a tensor': () => () => torch.ones(3),
  'function to 3': () => () => 3,
  'async function': () => async () => 1,
  'async function that throws': () => async () => raise(),
  'function that disposes': () => (x?: Tensor) => {
    (x as { dispose?: () => void } | undefined)?.dispose?.();
    return x;
  },
  distance: () => (x: Tensor, y: Tensor) => x.sub(y).abs().sum(-1),
  'function that turns recording off': () => (x: unknown) => {
    torch.set_grad_enabled(false);
    return x;
  },
  'generator function': () =>
    function* () {
      yield 1;
    },
  class: () => class {},
  float32: () => torch.float32,
  float64: () => torch.float64,
  int64: () => torch.int64,
  bfloat16: () => torch.bfloat16,
  complex64: () => torch.complex64,
  bool: () => torch.bool,
  strided: () => torch.strided,
  sparse_coo: () => torch.sparse_coo,
  contiguous_format: () => torch.contiguous_format,
  channels_last: () => torch.channels_last,
  Generator: () => new torch.Generator(),
  ...named(OBJECTS_OF_GROUP, ofGroup),
  ...named(REDUCE_OPS, reduceOp),
  "'gloo'": () => 'gloo',
  "'0'": () => '0',
  "'ij'": () => 'ij',
  "'reflect'": () => 'reflect',
  "'trunc'": () => 'trunc',
  Float32Array: () => Float32Array.of(1, 2, 3, 4),
  Float64Array: () => Float64Array.of(1, NaN),
  Uint16Array: () => Uint16Array.of(1, 2),
  Uint8Array: () => new Uint8Array(3),
  BigInt64Array: () => BigInt64Array.of(1n, 2n),
  Uint8ClampedArray: () => new Uint8ClampedArray(4),
  DataView: () => new DataView(new ArrayBuffer(8)),
  Buffer: () => Buffer.from('hostile bytes'),
  ArrayBuffer: () => new ArrayBuffer(16),
  SharedArrayBuffer: () => new SharedArrayBuffer(16),
  'growable SharedArrayBuffer': () => new Growable(16, { maxByteLength: 64 }),
  'resizable ArrayBuffer': () => new Resizable(16, { maxByteLength: 64 }),
  'view of a resizable buffer': () => new Float32Array(new Resizable(16, { maxByteLength: 64 })),
  'view out of bounds': shrunk,
  'detached buffer': detached,
  'view of a detached buffer': () => {
    const view = new Float32Array(4);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    return view;
  },
  'misaligned view': () => new Uint8Array(new SharedArrayBuffer(33), 1),
  'empty Float32Array': () => new Float32Array(0),
  'typed array that lies': () =>
    Object.defineProperty(Float32Array.of(1, 2), 'length', { value: 2 ** 31 }),
};
