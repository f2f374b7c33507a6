import failures = require('./failures.json');

/** Returns advice for a program that failed with this output, or undefined if there is none. */
export function adviceFor(output: string): string | undefined {
  return failures.find(({ pattern }) => new RegExp(pattern, 'i').test(output))?.advice;
}
