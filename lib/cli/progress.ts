import type { Styles } from './terminal';

const REDRAW_INTERVAL = 100;
const LOG_INTERVAL = 10_000;
const BAR_LENGTH = 24;

/** Shows the progress of a task, on a terminal or in a log. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #styles: Styles;
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #start = Date.now();
  #shown = 0;

  constructor(stream: NodeJS.WriteStream, styles: Styles, what: string, total: number | undefined) {
    this.#stream = stream;
    this.#styles = styles;
    this.#what = what;
    this.#total = total;
    if (!stream.isTTY) {
      stream.write(`${what}…\n`);
      this.#shown = this.#start;
    }
  }

  /** @param done how much is done, of `total` */
  update(done: number, detail = ''): void {
    const now = Date.now();
    if (now - this.#shown < (this.#stream.isTTY ? REDRAW_INTERVAL : LOG_INTERVAL)) {
      return;
    }
    this.#shown = now;
    const line = [this.#what, this.#amount(done), detail].filter(Boolean).join('  ');
    if (this.#stream.isTTY) {
      this.#rewrite(line);
    } else {
      this.#stream.write(`${line}\n`);
    }
  }

  /** Shows the outcome in a line of its own. */
  finish(outcome = 'done'): void {
    const seconds = ((Date.now() - this.#start) / 1000).toFixed(1);
    const line = `${this.#what}: ${outcome} ${this.#styles.dim(`(${seconds} s)`)}`;
    if (this.#stream.isTTY) {
      this.#rewrite(line);
    } else {
      this.#stream.write(line);
    }
    this.#stream.write('\n');
  }

  #amount(done: number): string {
    if (!this.#total) {
      return String(done);
    }
    const share = Math.min(1, done / this.#total);
    const filled = Math.round(share * BAR_LENGTH);
    const bar = this.#stream.isTTY
      ? `${this.#styles.good('━'.repeat(filled))}${this.#styles.dim('━'.repeat(BAR_LENGTH - filled))}  `
      : '';
    return `${bar}${done}/${this.#total} (${Math.floor(share * 100)}%)`;
  }

  #rewrite(line: string): void {
    this.#stream.cursorTo(0);
    this.#stream.write(line);
    this.#stream.clearLine(1);
  }
}
