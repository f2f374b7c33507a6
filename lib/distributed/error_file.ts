/**
 * Writes an error that ends the process to the file in which torchrun looks for it. Source:
 * torch/distributed/elastic/multiprocessing/errors/error_handler.py.
 */
import { renameSync, writeFileSync } from 'node:fs';

const file = process.env['TORCHELASTIC_ERROR_FILE'];

function record(error: unknown): void {
  if (!file) return;
  const isError = error instanceof Error;
  const message = {
    message: isError ? `${error.name}: ${error.message}` : `uncaught: ${error}`,
    extraInfo: {
      py_callstack: isError ? error.stack : '',
      timestamp: `${Math.floor(Date.now() / 1000)}`,
    },
  };
  // torchrun reads the file while it may still be written, so it gets its name when it is whole.
  const unfinished = `${file}.${process.pid}`;
  try {
    writeFileSync(unfinished, JSON.stringify({ message }));
    renameSync(unfinished, file);
  } catch {
    // The process ends with the error itself, not with this one.
  }
}

process.on('uncaughtExceptionMonitor', record);
