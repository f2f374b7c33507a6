/** What the loader and its workers send each other. */
import { createError, runtimeError } from '../../../bindings/errors';
import { TENSOR } from '../../../dispatch/signature';
import { fromShared, type SharedTensor, share } from '../../../tensor/share';
import type { Tensor } from '../../../tensor/tensor';
import { mapped } from './containers';

/** What a worker thread is given when it starts. */
export interface WorkerData {
  /** The URL of the module that makes the dataset. */
  readonly url: string;
  readonly id: number;
  readonly num_workers: number;
  readonly seed: bigint;
  readonly auto_collation: boolean;
  readonly drop_last: boolean;
}

/** A task for a worker, or what it should do in place of tasks. */
export type Task =
  | {
      /** Counts the iterations of persistent workers. Results of earlier ones are dropped. */
      readonly epoch: number;
      readonly number: number;
      readonly index: unknown;
      /** Whether a resumed iteration had this result before. */
      readonly isDone: boolean;
      /** The state of the worker's generator to begin with. */
      readonly rng_state: Uint8Array | null;
    }
  | { readonly epoch: number }
  | 'end';

/** The result of a task. */
export interface Reply {
  readonly epoch: number;
  readonly number: number;
  readonly result: { data: unknown } | { error: WorkerError } | 'end of the dataset';
  /** The state of the worker's generator after the task. */
  readonly rng_state: Uint8Array;
}

/** An error in a form that can be sent. */
export interface WorkerError {
  readonly name: string;
  readonly pythonType: string | null;
  readonly stack: string;
}

/** The key of a token in place of a tensor. */
const TENSOR_KEY = 'torch-losses: a tensor of a data worker';

/** A batch may wait for a long step of the training, and is dropped after this time. */
const TIMEOUT = 24 * 3600 * 1000;

/** Returns the same data with tokens in place of its tensors, whose memory is shared. */
export function packed(data: unknown): unknown {
  if (TENSOR.accepts(data)) return { [TENSOR_KEY]: tokenOf(data as Tensor) };
  return mapped(data, packed) ?? data;
}

function tokenOf(tensor: Tensor): SharedTensor {
  try {
    return share(tensor, { timeout: TIMEOUT });
  } catch {
    // The memory of a JavaScript buffer cannot be shared. A copy of a graph's tensor throws again.
    return share(tensor.clone(), { timeout: TIMEOUT });
  }
}

/** Returns what {@link packed} was given. It can be called once. */
export function unpacked(data: unknown): unknown {
  if (typeof data === 'object' && data !== null && TENSOR_KEY in data) {
    return fromShared(data[TENSOR_KEY] as SharedTensor);
  }
  return mapped(data, unpacked) ?? data;
}

/** Frees the tensors of {@link packed} data that nobody wants. */
export function discard(data: unknown): void {
  if (typeof data === 'object' && data !== null && TENSOR_KEY in data) {
    fromShared(data[TENSOR_KEY] as SharedTensor).dispose();
  } else {
    mapped(data, discard);
  }
}

/** Returns an error in a form that can be sent. */
export function errorToSend(error: unknown): WorkerError {
  const isError = error instanceof Error;
  const { pythonType } = error as { pythonType?: string };
  return {
    name: isError ? error.name : 'Error',
    pythonType: isError && typeof pythonType === 'string' ? pythonType : null,
    stack: isError ? (error.stack ?? String(error)) : String(error),
  };
}

const NATIVE_ERRORS: Readonly<Record<string, new (message: string) => Error>> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
};

/** Returns the error for one that a worker sent, with the worker's stack in its message. */
export function receivedError(id: number, { name, pythonType, stack }: WorkerError): Error {
  const what = pythonType ?? name;
  const message = `Caught ${what} in DataLoader worker thread ${id}.\nOriginal stack:\n${stack}`;
  if (pythonType !== null) return createError(pythonType, message);
  const Class = NATIVE_ERRORS[name];
  return Class ? new Class(message) : runtimeError(message);
}
