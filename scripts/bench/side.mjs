// The driver's part of the protocol (sides/protocol.md). A side is a running program that answers requests.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { ROOT } from '../lib/checkout.mjs';

export class Side {
  #child;
  #lines;
  #encode;
  #end;

  /**
   * Starts a side, and waits until it is ready.
   *
   * @param {{ name: string, command: string, args: string[], dispose?: boolean,
   *   encode?: (request: object) => string, env?: object }} options `dispose`: whether results are disposed; `encode`:
   *   formats a request, as JSON by default
   */
  static async start(options) {
    const side = new Side(options);
    side.about = await side.#answer();
    return side;
  }

  constructor({ name, command, args, dispose = false, encode = JSON.stringify, env = {} }) {
    this.name = name;
    this.dispose = dispose;
    this.#encode = encode;
    this.#child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin.on('error', () => {}); // its end is noticed where its answer is missing
    let complaints = '';
    this.#child.stderr.on('data', (chunk) => (complaints = (complaints + chunk).slice(-4000)));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#end = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(error.message));
      this.#child.on('close', (code, signal) =>
        resolve(`(${signal ?? code}) ${complaints.trim()}`),
      );
    });
  }

  /** Prepares the calls that `run` times, see protocol.md. */
  prepare(described, backward) {
    return this.#ask({ prepare: described, backward, dispose: this.dispose });
  }

  /** Returns the seconds that this number of calls takes. */
  async run(calls) {
    return (await this.#ask({ run: calls })).seconds;
  }

  stop() {
    this.#child.kill();
  }

  #ask(request) {
    this.#child.stdin.write(`${this.#encode(request)}\n`);
    return this.#answer();
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) {
      throw new Error(`${this.name} has ended: ${await this.#end}`);
    }
    return JSON.parse(value);
  }
}
