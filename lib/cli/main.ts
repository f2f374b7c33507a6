#!/usr/bin/env node
import { PACKAGE_VERSION } from '../bindings/libtorch/folders';
import { nearest } from '../dispatch/arguments';
import type { Command } from './command';
import { COMMANDS } from './commands';
import { CommandError, EXIT, UsageError } from './errors';
import { helpFor, overview } from './help';
import { parse } from './parse';
import { Terminal } from './terminal';

// The command line of the package. No file that this one imports loads libtorch; the commands that need it do.

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const terminal = new Terminal(terminalOptions(args));
  let command: Command | undefined;
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      return await showHelp(terminal, name === 'help' ? rest[0] : undefined, name === undefined);
    }
    if (name === '--version' || name === '-v' || name === 'version') {
      terminal.result({ version: PACKAGE_VERSION }, () => PACKAGE_VERSION);
      return EXIT.success;
    }
    command = await commandOf(name);
    const isForAnother = command.passesOn && rest[0] !== '--help' && rest[0] !== '-h';
    if (isForAnother) return (await command.run({}, terminal, rest)) ?? EXIT.success;
    const { values, operands } = parse(rest, command);
    if (values['help']) {
      const special = await command.help?.(operands, terminal.styles);
      process.stdout.write(`${special ?? helpFor(command, terminal.styles)}\n`);
      return EXIT.success;
    }
    return (await command.run(values as never, terminal, operands)) ?? EXIT.success;
  } catch (error) {
    return fail(error, terminal, command?.errorStatus);
  }
}

// Reads the style of output first, because errors of the command line use it too.
function terminalOptions(args: readonly string[]): { json: boolean; color?: boolean } {
  const given = new Set(args);
  return {
    json: given.has('--json'),
    ...(given.has('--no-color') ? { color: false } : given.has('--color') && { color: true }),
  };
}

async function showHelp(
  terminal: Terminal,
  name: string | undefined,
  missing: boolean,
): Promise<number> {
  if (name !== undefined) {
    process.stdout.write(`${helpFor(await commandOf(name), terminal.styles)}\n`);
    return EXIT.success;
  }
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const stream = missing ? process.stderr : process.stdout;
  stream.write(`${overview(commands, missing ? terminal.noteStyles : terminal.styles)}\n`);
  return missing ? EXIT.usage : EXIT.success;
}

function commandOf(name: string): ReturnType<(typeof COMMANDS)[string]> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    const near = nearest(name, Object.keys(COMMANDS));
    const what = name.startsWith('-') ? 'option' : 'command';
    throw new UsageError(
      `Unknown ${what} ${JSON.stringify(name)}`,
      near && what === 'command'
        ? `Did you mean \`torch-losses ${near}\`?`
        : `\`torch-losses --help\` lists the commands.`,
    );
  }
  return load();
}

// Errors that the user can correct are shown without a stack.
function fail(error: unknown, terminal: Terminal, status: number = EXIT.failure): number {
  const { name, message, stack, code, advice } = error as CommandError & { code?: string };
  if (terminal.json) {
    terminal.result({ error: { name, message, code, advice } }, () => '');
  } else {
    const expected = error instanceof CommandError || name === 'LibtorchError';
    terminal.note(
      `${terminal.noteStyles.bad('Error:')} ${expected || !stack ? (message ?? error) : stack}`,
    );
    if (advice) {
      terminal.note(advice);
    }
  }
  return error instanceof UsageError ? EXIT.usage : ((error as CommandError).status ?? status);
}

// `torch-losses … | head` closes the pipe early, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    process.exit();
  }
  // A command that listens, too, reports the error.
  if (process.stdout.listenerCount('error') === 1) throw error;
});

main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
