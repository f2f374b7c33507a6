// Returns advice for the output of a failed command. npm and tsc run before lib/ is compiled, so this reads the list of
// failures from the source folder.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './checkout.mjs';

const failures = JSON.parse(readFileSync(path.join(ROOT, 'lib', 'cli', 'failures.json'), 'utf8'));

/** A failure that the user can fix. It is printed without a stack. */
export class SetupError extends Error {
  constructor(problem, advice) {
    super(advice ? `${problem}\n\n  What to do: ${advice}` : problem);
    this.name = 'SetupError';
  }
}

/** Returns advice for the output of a failed command, or undefined. */
export function adviceFor(output) {
  return failures.find(({ pattern }) => new RegExp(pattern, 'i').test(output))?.advice;
}

/** Runs a program's main function. Its result is the exit code. Errors are shown with advice. */
export async function main(body) {
  if (process.argv.includes('--help')) {
    console.log(usage());
    return;
  }
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    const shown = mendable(error);
    console.error(`\n${shown instanceof SetupError ? `Error: ${shown.message}` : shown.stack}`);
    process.exitCode = 1;
  }
}

// lib/ has another class of errors that the user can fix.
function mendable(error) {
  if (error instanceof SetupError) {
    return error;
  }
  if (error.code?.startsWith('ERR_PARSE_ARGS')) {
    return new SetupError(`${error.message}\n\n${usage()}`);
  }
  const advice = error.name === 'CommandError' ? error.advice : adviceFor(error.message);
  return advice || error.name === 'CommandError' ? new SetupError(error.message, advice) : error;
}

/** Returns the usage: the first comment of the program. */
function usage() {
  const [comment] = /^(?:\/\/.*\n)+/.exec(readFileSync(process.argv[1], 'utf8')) ?? [''];
  return comment.replaceAll(/^\/\/ ?/gm, '');
}
