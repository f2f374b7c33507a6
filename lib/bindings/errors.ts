/**
 * Makes errors. The Python class that torch raises determines the JavaScript class.
 *
 * The message is Python's. `pythonType` is the name of Python's class. `code` is stable, for programs.
 */

/** Properties of every error of torch, whatever its JavaScript class. */
export interface TorchErrorFields {
  /** The name of the class that Python raises, such as `ValueError`. */
  pythonType: string;
  /** `ERR_TORCH_` and the name of the class: `ERR_TORCH_VALUE`, `ERR_TORCH_RUNTIME`, … */
  code: string;
  /**
   * The C++ message with its backtrace. It is made when it is read, which takes milliseconds, and only the latest
   * errors have one.
   */
  backtrace?: string;
  /** Python's message, if `message` says more. */
  pythonMessage?: string;
}

/** A `RuntimeError` of torch or a subclass of it, for which JavaScript has no class. */
export class TorchError extends Error implements TorchErrorFields {
  override name = 'TorchError';
  declare pythonType: string;
  declare code: string;
  declare backtrace?: string;

  constructor(message = '', options?: { cause?: unknown }) {
    if (typeof message !== 'string') {
      throw typeError(`an error's message must be a string, got ${typeof message}`);
    }
    super(message, options);
  }
}

/** Thrown by `torch.autograd.gradcheck` if gradients differ. */
export class GradcheckError extends TorchError {
  override name = 'GradcheckError';
}

type ErrorClass = new (message: string) => Error;

const CLASSES: Record<string, readonly [ErrorClass, string]> = {
  TypeError: [TypeError, 'ERR_TORCH_TYPE'],
  AttributeError: [TypeError, 'ERR_TORCH_TYPE'],
  ValueError: [RangeError, 'ERR_TORCH_VALUE'],
  IndexError: [RangeError, 'ERR_TORCH_INDEX'],
  RuntimeError: [TorchError, 'ERR_TORCH_RUNTIME'],
  NotImplementedError: [TorchError, 'ERR_TORCH_NOT_IMPLEMENTED'],
  AssertionError: [TorchError, 'ERR_TORCH_ASSERTION'],
  LinAlgError: [TorchError, 'ERR_TORCH_LINALG'],
  AcceleratorError: [TorchError, 'ERR_TORCH_ACCELERATOR'],
  GradcheckError: [GradcheckError, 'ERR_TORCH_GRADCHECK'],
  DistError: [TorchError, 'ERR_TORCH_DIST'],
  DistBackendError: [TorchError, 'ERR_TORCH_DIST_BACKEND'],
  DistNetworkError: [TorchError, 'ERR_TORCH_DIST_NETWORK'],
  DistStoreError: [TorchError, 'ERR_TORCH_DIST_STORE'],
  DistQueueEmptyError: [TorchError, 'ERR_TORCH_DIST_QUEUE_EMPTY'],
  OutOfMemoryError: [TorchError, 'ERR_TORCH_OUT_OF_MEMORY'],
};

/**
 * Makes the error for a Python exception. The native side calls it for each of its errors.
 *
 * @param backtrace - returns the backtrace of the C++ side, or an empty string
 */
export function createError(
  pythonType: string,
  message: string,
  backtrace?: () => string,
): Error & TorchErrorFields {
  const [Class, code] = CLASSES[pythonType] ?? CLASSES.RuntimeError!;
  const error = new Class(message) as Error & TorchErrorFields;
  const hidden = { enumerable: false, configurable: true, writable: true };
  Object.defineProperty(error, 'pythonType', { ...hidden, value: pythonType });
  Object.defineProperty(error, 'code', { ...hidden, enumerable: true, value: code });
  if (backtrace) {
    const read = (): string | undefined => {
      const value = backtrace() || undefined;
      Object.defineProperty(error, 'backtrace', { ...hidden, value });
      return value;
    };
    Object.defineProperty(error, 'backtrace', { enumerable: false, configurable: true, get: read });
  }
  return error;
}

/** Notes which part of an error's message is Python's. */
export function sayingMore<E extends Error>(error: E, pythonMessage: string): E {
  Object.defineProperty(error, 'pythonMessage', { configurable: true, value: pythonMessage });
  return error;
}

export const typeError = (message: string): Error => createError('TypeError', message);
export const attributeError = (message: string): Error => createError('AttributeError', message);
export const valueError = (message: string): Error => createError('ValueError', message);
export const indexError = (message: string): Error => createError('IndexError', message);
export const runtimeError = (message: string): Error => createError('RuntimeError', message);
export const assertionError = (message: string): Error => createError('AssertionError', message);
export const gradcheckError = (message: string): Error => createError('GradcheckError', message);
export const notImplementedError = (message: string): Error =>
  createError('NotImplementedError', message);
