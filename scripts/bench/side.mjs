// The driver's half of the protocol (sides/protocol.md): a side is a running program that is asked.
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
   *   encode?: (request: object) => string, env?: object }} options `dispose`: whether results are to
   *   be disposed; `encode`: how a request is written, as JSON by default
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

  /** Makes ready what `run` shall time: see protocol.md. */
  prepare(described, backward) {
    return this.#ask({ prepare: described, backward, dispose: this.dispose });
  }

  /** The seconds that a number of calls take. */
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
