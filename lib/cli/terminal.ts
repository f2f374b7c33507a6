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
  /** Whether standard output is one JSON document. */
  json?: boolean;
  /** Whether colours are used. Default: as the environment says. */
  color?: boolean;
}

/**
 * The output of a command. The result goes to standard output. Everything else (progress, notes, other programs'
 * output) goes to standard error, so that the result can be piped.
 */
export class Terminal {
  readonly json: boolean;
  /** Whether each result is a line of its own, for commands that have several. */
  lines = false;
  /** Where results go: to standard error if standard output has data. */
  results: NodeJS.WriteStream = process.stdout;
  /** The styles for standard output. They change nothing if colours are off. */
  readonly styles: Styles;
  /** The styles for standard error. */
  readonly noteStyles: Styles;

  constructor({ json = false, color }: TerminalOptions = {}) {
    this.json = json;
    this.styles = stylesFor(!json && (color ?? wantsColor(process.stdout)));
    this.noteStyles = stylesFor(color ?? wantsColor(process.stderr));
  }

  /**
   * Writes the result: the value with `--json`, else the text. Called once in a command, or for each line with `lines`.
   */
  result(value: unknown, text: () => string): void {
    this.results.write(`${this.json ? JSON.stringify(value, null, this.lines ? 0 : 2) : text()}\n`);
  }

  /** Writes a note to standard error. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /**
   * Shows the progress of a task. A terminal has one line that is rewritten; a log gets a line from time to time.
   *
   * @param total in the units that `update` counts; undefined where it is not known
   */
  progress(what: string, total?: number): Progress {
    return new Progress(process.stderr, this.noteStyles, what, total);
  }
}

// Follows the conventions of force-color.org and no-color.org, in the order in which Node checks them.
function wantsColor(stream: NodeJS.WriteStream): boolean {
  const forced = process.env['FORCE_COLOR'];
  if (forced !== undefined) {
    return forced !== '0' && forced !== 'false';
  }
  return !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb' && stream.isTTY === true;
}

function stylesFor(color: boolean): Styles {
  // Newer versions of Node would check the stream again, and ignore `color`.
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
