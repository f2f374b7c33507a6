// Runs a program of programs/ to its end.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ROOT } from '../lib/checkout.mjs';

/** @returns what the program printed last, a line of JSON */
export async function runProgram(name, ...args) {
  return lastLine(await execute(process.execPath, [programPath(name), ...args.map(String)]));
}

/** What a command of another kind printed last. */
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
