/**
 * Makes the comparisons and copies of JavaScript right for tensors, whose elements are on the native side.
 *
 * A deep comparison (`assert.deepStrictEqual`, `toEqual` of Jest and Vitest, chai's `deep.equal`) compares what
 * `Object.prototype.toString` says of two objects, then their own properties. A copy (`structuredClone`, `postMessage`,
 * `v8.serialize`) takes the own properties. Each tensor therefore has one own property, its {@link Content}.
 */
import { handleOf } from '../bindings/handle';
import { bfloat16, complex32, float16 } from './dtype';
import type { TypedArray } from './elements';
import { strided } from './layout';
import { operator } from './methods/signature';
import { formatTensor } from './printing';
import type { Tensor } from './tensor';

const toDense = operator('to_dense');

/** No copy can take a symbol; the error shows its description. */
const COPYING = Symbol('a Tensor; send the token that its share() returns');

/** What deep comparisons see of a tensor: its dtype, shape and elements. */
export class Content {
  readonly #tensor: Tensor;
  readonly copying = COPYING;

  constructor(tensor: Tensor) {
    this.#tensor = tensor;
  }

  /** Returns the same text for tensors of the same dtype, shape and elements only. NaNs are the same, 0 and -0 are not. */
  get [Symbol.toStringTag](): string {
    if (this.#tensor.isDisposed) return 'disposed';
    const tensor = plain(this.#tensor);
    const text = formatTensor(handleOf(tensor)!, false);
    return tensor.is_meta
      ? `${text} of ${tensor.dtype}`
      : `${text} of ${tensor.dtype}, shape [${tensor.shape}], ${fingerprint(tensor)}`;
  }
}

// toMatchObject of Jest and Vitest compares the own properties of the expected object only, but a Date as a whole. So
// this class passes for a Date with `instanceof`. The methods of Date.prototype that would be called are replaced.
const text = {
  value(this: Content): string {
    return this[Symbol.toStringTag];
  },
};
Object.setPrototypeOf(Content.prototype, Date.prototype);
Object.defineProperties(Content.prototype, {
  toJSON: text,
  toString: text,
  valueOf: text,
  [Symbol.toPrimitive]: text,
});

/** Returns the tensor on the CPU, strided and outside of the graph. A meta tensor stays where it is. */
function plain(tensor: Tensor): Tensor {
  const detached = tensor.requires_grad ? tensor.detach() : tensor;
  return detached.is_meta || detached.device.type === 'cpu' ? detached : detached.cpu();
}

/** Returns the bytes of the elements if they are few, else their hash. */
function fingerprint(tensor: Tensor): string {
  const elements = (tensor.layout === strided ? tensor : toDense(tensor)).toTypedArray();
  unifyNaNs(elements, tensor);
  const bytes = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength);
  if (bytes.length <= 32) return `bytes ${bytes.toString('hex')}`;
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  return `SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Gives all NaNs the same bits. */
function unifyNaNs(elements: TypedArray, { dtype }: Tensor): void {
  if (elements instanceof Float32Array || elements instanceof Float64Array) {
    for (let i = 0; i < elements.length; i++) if (Number.isNaN(elements[i])) elements[i] = NaN;
  } else if (dtype === float16 || dtype === complex32 || dtype === bfloat16) {
    const infinity = dtype === bfloat16 ? 0x7f80 : 0x7c00;
    for (let i = 0; i < elements.length; i++) {
      if ((Number(elements[i]) & 0x7fff) > infinity) elements[i] = 0x7fff;
    }
  }
}
