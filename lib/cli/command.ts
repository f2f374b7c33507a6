import type { Styles, Terminal } from './terminal';

/** One option of a command: what parseArgs of `node:util` takes, and its text in the help. */
export interface OptionDescription {
  readonly type: 'string' | 'boolean';
  readonly description: string;
  /** The short form, one letter: `j` for `-j`. */
  readonly short?: string;
  /** Whether it can be given several times. The value is then an array. */
  readonly multiple?: boolean;
  /** The name of the value in the help: `VERSION` for `--torch VERSION`. */
  readonly value?: string;
  /** The allowed values. */
  readonly choices?: readonly string[];
  readonly default?: string;
}

export type OptionDescriptions = Readonly<Record<string, OptionDescription>>;

/**
 * The values of the options. A flag that is not given is false, and an option that is not given is its default or
 * undefined.
 */
export type Values<Options extends OptionDescriptions> = {
  readonly [Name in keyof Options]: Options[Name] extends { type: 'boolean' }
    ? boolean
    : Options[Name] extends { multiple: true }
      ? readonly string[]
      : Options[Name] extends { default: string }
        ? string
        : string | undefined;
};

/** A command of the command line. Each is in a file of its name in `commands/`. */
export interface Command<Options extends OptionDescriptions = OptionDescriptions> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** The paragraphs of the help after the summary. */
  readonly description?: string;
  /** The operands, for a command that takes any. */
  readonly operands?: { readonly usage: string; readonly least: number; readonly most: number };
  readonly options: Options;
  /**
   * Whether the arguments belong to another program, so that none is read as an option. A first argument `--help` is
   * read.
   */
  readonly passesOn?: boolean;
  /** The exit status if the command throws. Default: 1. */
  readonly errorStatus?: number;
  /** Returns the help for operands after `--help`, or undefined for the help of the command. */
  help?(operands: readonly string[], styles: Styles): Promise<string | undefined>;
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /**
   * Runs the command. Modules that need libtorch are imported here, not at the top of the file, so that the help and
   * other commands work if libtorch does not load.
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

/** Returns the command. `run` gets the types of its options' values. */
export function defineCommand<const Options extends OptionDescriptions>(
  command: Command<Options>,
): Command {
  return command as unknown as Command;
}
