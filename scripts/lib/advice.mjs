// Turns the output of a failed command into what to do about it: of npm and tsc, which run before
// lib/ is compiled. lib/cli/failures.ts has the rest.

/** A failure that the person at the terminal can mend: printed without a stack. */
export class SetupError extends Error {
  constructor(problem, advice) {
    super(advice ? `${problem}\n\n  What to do: ${advice}` : problem);
    this.name = 'SetupError';
  }
}

const KNOWN_FAILURES = [
  [
    /ENOSPC|No space left on device|disk quota exceeded/i,
    'The disk is full. Free some space (4 GB is enough) and run it again.',
  ],
  [
    /EROFS|Read-only file system|EACCES|EPERM|Permission denied/i,
    "A file or folder cannot be written. Make the checkout (and npm's cache) writable for this user.",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|Temporary failure in name resolution|Connection (?:refused|timed out|reset)|Network is unreachable|ReadTimeout|ProxyError/i,
    'The network, or the registry that npm is configured to use, is not to be reached. ' +
      'Check the connection and proxy settings (`npm config list`) and run it again.',
  ],
];

/** What to do about a command that failed with this output; undefined where nothing is known. */
export function adviceFor(output) {
  return KNOWN_FAILURES.find(([pattern]) => pattern.test(output))?.[1];
}

/**
 * Runs a program's main function; its result is the exit code, and what it throws is shown with
 * what to do about it.
 */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    const shown = mendable(error);
    console.error(`\n${shown instanceof SetupError ? `Error: ${shown.message}` : shown.stack}`);
    process.exitCode = 1;
  }
}

// lib/ has its own class for what the person at the terminal can mend.
function mendable(error) {
  if (error instanceof SetupError) {
    return error;
  }
  const advice = error.name === 'CommandError' ? error.advice : adviceFor(error.message);
  return advice || error.name === 'CommandError' ? new SetupError(error.message, advice) : error;
}
