// Turns the output of a failed command into what to do about it.

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
    "A file or folder cannot be written. Make the checkout (and npm's and pip's caches) writable for this user.",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|Temporary failure in name resolution|Connection (?:refused|timed out|reset)|Network is unreachable|ReadTimeout|ProxyError/i,
    'The network, or the registry that npm or pip is configured to use, is not to be reached. ' +
      'Check the connection and proxy settings (`npm config list`, `pip config list`) and run it again.',
  ],
  [
    /CMAKE_MAKE_PROGRAM is not set|unable to find a build program/i,
    'There is neither make nor ninja. Install one: `apt install make`, `dnf install make`, or the like.',
  ],
  [
    /C\+\+ Compiler toolset is not available|No CMAKE_CXX_COMPILER could be found|CMAKE_CXX_COMPILER.*(?:not set|not found)/i,
    'There is no C++ compiler. Install one: `apt install g++ make`, `dnf install gcc-c++ make`, or the like.',
  ],
  [
    /CMake executable is not found/i,
    'There is no CMake. Install it: `apt install cmake`, `dnf install cmake`, or the like.',
  ],
  [
    /CMake \S+ or higher is required/i,
    'CMake is too old. Install a newer one, for example with `pip install cmake`.',
  ],
  [
    /unrecognized command-line option.*std=c\+\+20|does not (?:know|support).*C\+\+20|dialect "CXX20"/i,
    'The C++ compiler is too old: C++20 is needed (g++ 11 or clang 14). Install a newer one, or name it in CXX.',
  ],
  [
    /Killed signal terminated program|virtual memory exhausted|out of memory/i,
    'There is too little memory to compile. Close something, or compile one file at a time: set TORCH_LOSSES_JOBS=1.',
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
    const advice = error instanceof SetupError ? undefined : adviceFor(error.message);
    const shown = advice ? new SetupError(error.message, advice) : error;
    console.error(`\n${shown instanceof SetupError ? `Error: ${shown.message}` : shown.stack}`);
    process.exitCode = 1;
  }
}
