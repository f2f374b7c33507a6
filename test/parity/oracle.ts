/**
 * The client of oracle.py: one Python process for the whole test run, asked in batches.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

import torch from 'torch-losses';

import { Input } from '../support/data';
import type { Outcome, Value } from '../support/outcome';
import { type Argument, Both, type Call, inputsOf, type Sample } from './case';

/** The root of the checkout, wherever the compiled tests are. */
function checkout(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    const isOurs = existsSync(manifest) && existsSync(join(folder, 'test', 'parity', 'oracle.py'));
    if (isOurs && readFileSync(manifest, 'utf8').includes('"torch-losses"')) return folder;
    if (folder === dirname(folder)) throw new Error(`no torch-losses checkout above ${__dirname}`);
  }
}

const toWire = (call: Call): { request: object; inputs: Input[] } => {
  const inputs = inputsOf(call);
  const encode = (argument: Argument): unknown => {
    if (argument instanceof Input) return { input: inputs.indexOf(argument) };
    if (argument instanceof Both) return { python: argument.python };
    return Array.isArray(argument) ? argument.map(encode) : argument;
  };
  const encodeAll = (options: Call['kwargs'] = {}): object =>
    Object.fromEntries(Object.entries(options).map(([key, value]) => [key, encode(value)]));
  const request = {
    callee: call.python ?? call.callee,
    args: (call.args ?? []).map(encode),
    kwargs: encodeAll(call.kwargs),
    set: encodeAll(call.set),
    forward: call.forward?.map(encode) ?? null,
    in_place: call.in_place ?? false,
    seed: call.seed ?? null,
    backward: call.backward ?? 'once',
    show: call.show ?? false,
  };
  return { request, inputs };
};

interface Pending {
  resolve(outcomes: Outcome[]): void;
  reject(error: Error): void;
}

export class Oracle {
  private static running: Promise<Oracle> | undefined;
  private readonly pending: Pending[] = [];
  private received = Buffer.alloc(0);

  private constructor(private readonly python: ChildProcessByStdio<Writable, Readable, null>) {
    python.stdout.on('data', (chunk: Buffer) => this.receive(chunk));
    python.stdin.on('error', () => undefined);
    python.on('exit', (code, signal) =>
      this.fail(new Error(`the oracle's Python ended (${signal ?? `exit status ${code}`})`)),
    );
    python.on('error', (error) => this.fail(error));
  }

  /** The process of this run, started at the first call, with our torch's version and threads. */
  static get(): Promise<Oracle> {
    return (Oracle.running ??= Oracle.start());
  }

  static stop(): void {
    void Oracle.running?.then(({ python }) => python.stdin.end()).catch(() => undefined);
    Oracle.running = undefined;
  }

  private static async start(): Promise<Oracle> {
    const root = checkout();
    const python = process.env['TORCH_LOSSES_PYTHON'] ?? join(root, '.venv', 'bin', 'python');
    const script = join(root, 'test', 'parity', 'oracle.py');
    const stdio = ['pipe', 'pipe', 'inherit'] as ['pipe', 'pipe', 'inherit'];
    // Two processes share the cores: a thread of Python's that waits must not spin.
    const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' };
    const oracle = new Oracle(spawn(python, [script], { stdio, env }));
    const threads = torch.get_num_threads();
    try {
      const [outcome] = await oracle.run([
        {
          source: `torch.set_num_threads(${threads})`,
          outputs: ['torch.__version__', 'torch.get_num_threads()'],
        },
      ]);
      const [version, count] = (outcome!.result as { list: Value[] }).list as [
        { plain: string },
        { number: string },
      ];
      if (version.plain !== torch.__version__ || count.number !== String(threads)) {
        throw new Error(
          `Python has torch ${version.plain} with ${count.number} threads, ` +
            `the addon ${torch.__version__} with ${threads}: their bits cannot be compared`,
        );
      }
      return oracle;
    } catch (error) {
      oracle.python.stdin.end();
      const advice = 'Set TORCH_LOSSES_PYTHON to a Python that has the torch the addon uses.';
      throw new Error(`Parity needs Python at ${python}: ${(error as Error).message}\n${advice}`);
    }
  }

  /** Runs requests in Python, in order. Batches may overlap. */
  run(requests: readonly (Call | Sample)[]): Promise<Outcome[]> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const place = (input: Input): object => {
      const { dtype, shape, base, layout, requires_grad, bytes } = input;
      const offset = size;
      chunks.push(bytes);
      size += bytes.length;
      return { dtype, shape, base, layout, requires_grad, offset, length: bytes.length };
    };
    const wire = requests.map((request) => {
      if ('source' in request) return { ...request, seed: request.seed ?? null };
      const encoded = toWire(request);
      return { ...encoded.request, inputs: encoded.inputs.map(place) };
    });
    const text = Buffer.from(JSON.stringify(wire));
    const head = Buffer.alloc(8);
    head.writeUInt32LE(text.length, 0);
    head.writeUInt32LE(size, 4);
    return new Promise((resolve, reject) => {
      this.pending.push({ resolve, reject });
      this.python.stdin.write(Buffer.concat([head, text, ...chunks]));
    });
  }

  private receive(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 8) {
      const head = this.received.readUInt32LE(0);
      const end = 8 + head + this.received.readUInt32LE(4);
      if (this.received.length < end) return;
      const payload = this.received.subarray(8 + head, end);
      const answer = JSON.parse(this.received.toString('utf8', 8, 8 + head)) as Outcome[];
      this.received = this.received.subarray(end);
      this.pending.shift()!.resolve(answer.map((outcome) => decodeOutcome(outcome, payload)));
    }
  }

  private fail(error: Error): void {
    for (const { reject } of this.pending.splice(0)) reject(error);
  }
}

function decodeOutcome(outcome: Outcome, payload: Buffer): Outcome {
  const decode = (value: Value): Value => {
    if ('list' in value) return { list: value.list.map(decode) };
    if ('number' in value) return { number: numberText(value.number) };
    if (!('tensor' in value)) return value;
    const { offset, length } = value.tensor as unknown as { offset: number; length: number };
    return { tensor: { ...value.tensor, bytes: payload.subarray(offset, offset + length) } };
  };
  return {
    ...outcome,
    ...(outcome.result && { result: decode(outcome.result) }),
    ...(outcome.grads && { grads: outcome.grads.map(decode) }),
    ...(outcome.seconds && { seconds: outcome.seconds.map(decode) }),
  };
}

/** Python's repr of a number as JavaScript writes it; integers keep all their digits. */
function numberText(repr: string): string {
  if (/^-?\d+$/.test(repr)) return repr;
  const infinite = /^(-?)inf$/.exec(repr);
  return String(infinite ? Number(`${infinite[1]}Infinity`) : Number(repr));
}
