// What to do about a program that failed with a message like this.
const KNOWN_FAILURES: readonly (readonly [RegExp, string])[] = [
  [
    /ENOSPC|No space left on device|disk quota exceeded/i,
    'The disk is full. Free some space (4 GB for a CPU build, 12 GB for a CUDA build) and run it again.',
  ],
  [
    /EROFS|Read-only file system|EACCES|EPERM|Permission denied/i,
    "A file or folder cannot be written. Make it (and pip's cache) writable for this user.",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|Temporary failure in name resolution|Connection (?:refused|timed out|reset)|Network is unreachable|ReadTimeout|ProxyError/i,
    'The network, or the index that pip is configured to use, is not to be reached. Check the connection and proxy ' +
      'settings (`pip config list`) and run it again.',
  ],
  [
    /Hashes are required in --require-hashes mode|THESE PACKAGES DO NOT MATCH THE HASHES/i,
    "pip's configuration asks for hashes, or they do not match: give them with --requirements FILE, in pip's format.",
  ],
  [
    /CMAKE_MAKE_PROGRAM is not set|unable to find a build program/i,
    'There is neither make nor ninja. Install one: `apt install make`, `dnf install make`, or the like.',
  ],
  [
    /No CMAKE_CXX_COMPILER could be found|CMAKE_CXX_COMPILER.*(?:not set|not found|not a full path)/i,
    'There is no C++ compiler. Install one: `apt install g++ make`, `dnf install gcc-c++ make`, or the like.',
  ],
  [
    /spawn cmake ENOENT/i,
    'There is no CMake. Install it: `apt install cmake`, `dnf install cmake`, or `pip install cmake`.',
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

/** What to do about a program that failed with this output; undefined where nothing is known. */
export function adviceFor(output: string): string | undefined {
  return KNOWN_FAILURES.find(([pattern]) => pattern.test(output))?.[1];
}
