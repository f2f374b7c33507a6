/** Changes built-in prototypes during one call. */
import { Injected } from './constants';

const raise = (): never => {
  throw new Injected('a tampered prototype');
};

type Change = readonly [object: object, key: PropertyKey, descriptor: PropertyDescriptor];

const replaced = (object: object, key: PropertyKey, value: unknown): Change => [
  object,
  key,
  { value, configurable: true, writable: true },
];

const CHANGES: Readonly<Record<string, Change>> = {
  'Array.prototype.map throws': replaced(Array.prototype, 'map', raise),
  'Array.prototype.map gives nothing': replaced(Array.prototype, 'map', () => undefined),
  'Array.prototype.push throws': replaced(Array.prototype, 'push', raise),
  'arrays do not iterate': replaced(Array.prototype, Symbol.iterator, raise),
  'Object.prototype has reduction': replaced(Object.prototype, 'reduction', 'sum'),
  'Object.prototype has a getter that throws': [
    Object.prototype,
    'dtype',
    { get: raise, configurable: true },
  ],
  'Object.prototype has a setter': [Object.prototype, '0', { set: raise, configurable: true }],
  'Object.prototype has then': replaced(Object.prototype, 'then', raise),
  'Array.isArray lies': replaced(Array, 'isArray', () => true),
  'Number.isSafeInteger lies': replaced(Number, 'isSafeInteger', () => true),
  'Object.keys gives nothing': replaced(Object, 'keys', () => []),
  'String throws': replaced(globalThis, 'String', raise),
  'Promise.prototype.then throws': replaced(Promise.prototype, 'then', raise),
  'Function.prototype.call is gone': replaced(Function.prototype, 'call', undefined),
};

export const TAMPERINGS = Object.keys(CHANGES);

/** Makes the change with a name, if there is one. Returns a function that undoes it. */
export function tampered(name: string): () => void {
  const change = CHANGES[name];
  if (!change) return () => {};
  const [object, key, descriptor] = change;
  const { defineProperty } = Object;
  const { deleteProperty } = Reflect;
  const before = Object.getOwnPropertyDescriptor(object, key);
  defineProperty(object, key, descriptor);
  return () => {
    if (before) defineProperty(object, key, before);
    else deleteProperty(object, key);
  };
}
