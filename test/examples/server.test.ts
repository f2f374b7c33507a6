/** Runs examples/server: clients post to it while it learns, SIGTERM ends it, and it continues from its checkpoint. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';

import { ROOT } from '../docs/root';
import { temporaryFolder } from '../support/folder';

interface Digits {
  images: number[][];
  classes: number[];
}

interface Status {
  received: number;
  learned: number;
  steps: number;
}

/** Returns images of two classes that are easy to tell apart: the upper half is white, or the lower half. */
function halves(size: number): Digits {
  const classes = Array.from({ length: size }, (_, i) => (i % 2 === 0 ? 3 : 8));
  const images = classes.map((each) =>
    Array.from({ length: 64 }, (_, pixel) => (pixel < 32 === (each === 3) ? 1 : 0)),
  );
  return { images, classes };
}

/** A running server. */
class Server {
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;
  url = '';

  constructor(folder: string) {
    this.#process = spawn(process.execPath, ['dist-examples/server/main.mjs', folder], {
      cwd: ROOT,
      env: { ...process.env, PORT: '0', OMP_NUM_THREADS: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#exit = once(this.#process, 'exit');
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** Returns the next line that it prints. */
  async line(): Promise<string> {
    return (await this.#lines.next()).value;
  }

  /** Waits until it listens. */
  async started(): Promise<this> {
    const line = await this.line();
    expect(line).to.match(/^listening on http:/);
    this.url = line.slice('listening on '.length);
    return this;
  }

  async post<Body = Record<string, unknown>>(
    path: string,
    body: unknown,
  ): Promise<{ status: number; body: Body }> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }

  async status(): Promise<Status> {
    return (await fetch(`${this.url}/status`)).json() as Promise<Status>;
  }

  /** Waits until everything that was received is learned. */
  async idle(): Promise<Status> {
    for (;;) {
      const status = await this.status();
      if (status.learned === status.received) return status;
      await pause(20);
    }
  }

  /** Sends SIGTERM. Returns the exit code and the signal that ended the process, if one did. */
  async end(): Promise<unknown[]> {
    this.#process.kill('SIGTERM');
    return this.#exit;
  }
}

describe('examples/server', function () {
  this.timeout(120_000);
  const file = temporaryFolder();
  const digits = halves(100);
  let server: Server;
  /** What the server prints of its client. */
  let measured: string;

  before('start', async () => {
    server = await new Server(file('server')).started();
    measured = await server.line();
  });

  /** Posts the samples a few times, and waits until they are learned. */
  async function teach(): Promise<Status> {
    for (let i = 0; i < 10; i++) await server.post('/learn', digits);
    return server.idle();
  }

  after('end', () => server.end());

  it('prints the p99 of a prediction beside that of an idle server', async () => {
    expect(measured).to.match(/^p99 of a prediction: [\d.]+ ms idle, [\d.]+ ms learning$/);
    expect((await server.idle()).steps).to.be.above(0);
  });

  it('answers while it learns what a client posts', async () => {
    const { received, steps } = await server.idle();
    const { status, body } = await server.post('/learn', digits);
    expect(status).to.equal(202);
    expect(body).to.deep.equal({ received: received + 100 });
    const versions = new Set<unknown>();
    for (let i = 0; i < 10; i++) {
      const { images } = halves(4);
      const answer = await server.post<Digits & Status>('/predict', { images });
      expect(answer.status).to.equal(200);
      expect(answer.body.classes).to.have.length(4);
      versions.add(answer.body.steps);
      await server.post('/learn', digits);
    }
    const idle = await server.idle();
    expect(idle.learned).to.equal(received + 1100);
    expect(idle.steps).to.be.above(steps);
    const predicted = await server.post<Digits & Status>('/predict', { images: digits.images });
    expect(predicted.body).to.deep.equal({ classes: digits.classes, steps: idle.steps });
    expect([...versions].every((each) => (each as number) <= idle.steps)).to.equal(true);
  });

  it('refuses what it cannot learn', async () => {
    const bad: [string, unknown, RegExp][] = [
      ['/predict', { images: [[1, 2]] }, /fewer than 64/],
      ['/predict', { images: [] }, /fewer than 1/],
      ['/predict', {}, /images/],
      ['/learn', { ...digits, classes: [1] }, /one class for each image/],
      ['/learn', { ...digits, classes: digits.classes.map(() => 10) }, /<= 9/],
    ];
    const before = await server.status();
    for (const [path, body, message] of bad) {
      const answer = await server.post(path, body);
      expect(answer.status).to.equal(400);
      expect(answer.body['message']).to.match(message);
    }
    expect(await server.status()).to.deep.equal(before);
  });

  it('ends at SIGTERM with a checkpoint, and continues from it', async () => {
    const { steps } = await teach();
    expect(await server.end()).to.deep.equal([0, null]);
    expect(await server.line()).to.equal('saved a checkpoint');
    expect(readdirSync(file('server'))).to.deep.equal(['checkpoint-00000001.safetensors']);
    server = await new Server(file('server')).started();
    expect((await server.status()).steps).to.equal(steps);
    const { images, classes } = digits;
    const { body } = await server.post<Digits>('/predict', { images });
    expect(body.classes).to.deep.equal(classes);
  });

  it('ends cleanly in the middle of learning', async () => {
    const before = readdirSync(file('server')).length;
    await server.post('/learn', digits);
    expect(await server.end()).to.deep.equal([0, null]);
    expect(await server.line()).to.match(/^saved a checkpoint$/);
    expect(readdirSync(file('server'))).to.have.length(before + 1);
  });
});
