import failures = require('./failures.json');

/** What to do about a program that failed with this output; undefined where nothing is known. */
export function adviceFor(output: string): string | undefined {
  return failures.find(({ pattern }) => new RegExp(pattern, 'i').test(output))?.advice;
}
