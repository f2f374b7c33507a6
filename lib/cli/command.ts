import type { Styles, Terminal } from './terminal';

/** One option of a command, as `node:util`'s parseArgs takes it, and what help says about it. */
export interface OptionDescription {
  readonly type: 'string' | 'boolean';
  readonly description: string;
  /** One letter: `-j`. */
  readonly short?: string;
  /** May be given several times; the value is an array. */
  readonly multiple?: boolean;
  /** What the value is called in help: `--torch VERSION`. */
  readonly value?: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  readonly default?: string;
}

export type OptionDescriptions = Readonly<Record<string, OptionDescription>>;

/** What the options came to: a flag is false, and an option with a value undefined, where not given. */
export type Values<Options extends OptionDescriptions> = {
  readonly [Name in keyof Options]: Options[Name] extends { type: 'boolean' }
    ? boolean
    : Options[Name] extends { multiple: true }
      ? readonly string[]
      : Options[Name] extends { default: string }
        ? string
        : string | undefined;
};

/** One command of the command line: a file of its name in `commands/`. */
export interface Command<Options extends OptionDescriptions = OptionDescriptions> {
  readonly name: string;
  /** A line for the list of commands. */
  readonly summary: string;
  /** What help says after the summary, in paragraphs. */
  readonly description?: string;
  /** The operands after the options, for commands that take some. */
  readonly operands?: { readonly usage: string; readonly least: number; readonly most: number };
  readonly options: Options;
  /** Whether all arguments are operands, for another program. `--help` is not, as the first one. */
  readonly passesOn?: boolean;
  /** What the process ends with if the command throws. Default: 1. */
  readonly errorStatus?: number;
  /** Returns the help for operands after `--help`, or undefined for the help of the command. */
  help?(operands: readonly string[], styles: Styles): Promise<string | undefined>;
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /**
   * Runs it. What needs libtorch is imported in here, not at the top of the file, so that help and other commands work
   * where libtorch does not load.
   *
   * @returns the exit status; undefined is 0
   * @throws CommandError for what the person at the terminal can mend, UsageError for wrong arguments
   */
  run(
    values: Values<Options>,
    terminal: Terminal,
    operands: readonly string[],
  ): Promise<number | undefined>;
}

/** Gives a command's `run` the types of its options' values. */
export function defineCommand<const Options extends OptionDescriptions>(
  command: Command<Options>,
): Command {
  return command as unknown as Command;
}
