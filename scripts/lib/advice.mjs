// Turns the output of a failed command into what to do about it. npm and tsc run before lib/ is
// compiled, so its list of failures is read as it lies there.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './checkout.mjs';

const failures = JSON.parse(readFileSync(path.join(ROOT, 'lib', 'cli', 'failures.json'), 'utf8'));

/** A failure that the person at the terminal can mend: printed without a stack. */
export class SetupError extends Error {
  constructor(problem, advice) {
    super(advice ? `${problem}\n\n  What to do: ${advice}` : problem);
    this.name = 'SetupError';
  }
}

/** What to do about a command that failed with this output; undefined where nothing is known. */
export function adviceFor(output) {
  return failures.find(({ pattern }) => new RegExp(pattern, 'i').test(output))?.advice;
}

/**
 * Runs a program's main function; its result is the exit code, and what it throws is shown with
 * what to do about it.
 */
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

// lib/ has its own class for what the person at the terminal can mend.
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

/** What the program's first comment says. */
function usage() {
  const [comment] = /^(?:\/\/.*\n)+/.exec(readFileSync(process.argv[1], 'utf8')) ?? [''];
  return comment.replaceAll(/^\/\/ ?/gm, '');
}
