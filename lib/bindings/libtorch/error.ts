/**
 * libtorch is not there, or does not load; the message says what was looked for, where, and the
 * command that mends it.
 */
export class LibtorchError extends Error {
  readonly code: 'ERR_TORCH_NOT_FOUND' | 'ERR_TORCH_LOAD';

  constructor(message: string, code: LibtorchError['code'], options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  override get name(): string {
    return 'LibtorchError';
  }
}
