/**
 * Thrown if libtorch is not found or does not load. The message lists the places that were searched, and the command
 * that solves the problem.
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
