// Runs a program in programs/ until it ends.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ROOT } from '../lib/checkout.mjs';

/** @returns the last line that the program printed, which is JSON */
export async function runProgram(name, ...args) {
  return lastLine(await execute(process.execPath, [programPath(name), ...args.map(String)]));
}

/** Returns the last line that a command prints. */
export async function runCommand(command, args) {
  return lastLine(await execute(command, args));
}

export function programPath(name) {
  return path.join(path.dirname(fileURLToPath(import.meta.url)), 'programs', name);
}

async function execute(command, args) {
  const { stdout } = await promisify(execFile)(command, args, { cwd: ROOT });
  return stdout;
}

function lastLine(output) {
  return JSON.parse(output.trim().split('\n').at(-1));
}
