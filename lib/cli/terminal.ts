import { styleText } from 'node:util';

import { Progress } from './progress';

/** The styles that commands use. */
export interface Styles {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
}

interface TerminalOptions {
  /** Standard output is one JSON document. */
  json?: boolean;
  /** Overrules the environment. */
  color?: boolean;
}

/**
 * Where a command writes: its result to standard output, all else (progress, notes, other programs' output) to
 * standard error, so that the result can be piped.
 */
export class Terminal {
  readonly json: boolean;
  /** Whether each result is a line of its own, for commands that have several. */
  lines = false;
  /** Styles for standard output, which are none where colours are not wanted. */
  readonly styles: Styles;
  /** The same for standard error. */
  readonly noteStyles: Styles;

  constructor({ json = false, color }: TerminalOptions = {}) {
    this.json = json;
    this.styles = stylesFor(!json && (color ?? wantsColor(process.stdout)));
    this.noteStyles = stylesFor(color ?? wantsColor(process.stderr));
  }

  /** A command's result: the value where `--json` was given, else the text. Once per command, but for `lines`. */
  result(value: unknown, text: () => string): void {
    process.stdout.write(
      `${this.json ? JSON.stringify(value, null, this.lines ? 0 : 2) : text()}\n`,
    );
  }

  /** What happens meanwhile, for people. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /**
   * Shows how far something is: a line that is rewritten on a terminal, a line now and then in a log.
   *
   * @param total in the units that `update` counts; undefined where it is not known
   */
  progress(what: string, total?: number): Progress {
    return new Progress(process.stderr, this.noteStyles, what, total);
  }
}

// The conventions of force-color.org and no-color.org, in Node's own order.
function wantsColor(stream: NodeJS.WriteStream): boolean {
  const forced = process.env['FORCE_COLOR'];
  if (forced !== undefined) {
    return forced !== '0' && forced !== 'false';
  }
  return !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb' && stream.isTTY === true;
}

function stylesFor(color: boolean): Styles {
  // The second check of the stream, in newer versions of Node, would overrule ours.
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: style('bold'),
    dim: style('dim'),
    good: style('green'),
    bad: style('red'),
    warning: style('yellow'),
  };
}
