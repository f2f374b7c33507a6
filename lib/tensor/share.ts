/**
 * Shares tensors between threads. `postMessage` sends a token, and the memory is not copied.
 *
 * Each thread has its own tensor on the same memory (native/bindings/sharing.cc).
 */

import { tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { type Callee, describe, fail, isOptions } from '../dispatch/arguments';
import type { Tensor } from './tensor';

/** A token for a shared tensor. It is plain data, and one thread can claim it once. */
export interface SharedTensor {
  readonly sharedTensor: string;
}

export interface ShareOptions {
  /** Milliseconds after which the memory of an unclaimed token is freed. Default: 60000. */
  timeout?: number | undefined;
}

const DEFAULT_TIMEOUT = 60_000;
const SHARE: Callee = { name: 'share', parameters: [{ name: 'timeout', keywordOnly: true }] };
const FROM_SHARED: Callee = { name: 'fromShared', parameters: [{ name: 'token', required: true }] };

export function share(tensor: Tensor, options: ShareOptions = {}): SharedTensor {
  if (!isOptions(options)) throw fail(SHARE, `expects options, got ${describe(options)}`);
  const { timeout = DEFAULT_TIMEOUT } = options;
  if (typeof timeout !== 'number') {
    throw fail(SHARE, `argument 'timeout' must be a number, got ${describe(timeout)}`);
  }
  const sharedTensor = native.share_tensor(tensorHandle(tensor, SHARE, 'input'), timeout);
  return Object.freeze({ sharedTensor });
}

export function fromShared(token: SharedTensor): Tensor {
  const text = (token as SharedTensor | null | undefined)?.sharedTensor;
  if (typeof text === 'string') return wrap(native.claim_tensor(text));
  throw fail(FROM_SHARED, `argument 'token' must be what share() returned, got ${describe(token)}`);
}
