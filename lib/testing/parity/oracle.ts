/** The client of oracle.py. It sends requests to a Python process in batches. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

import { PACKAGE_ROOT } from '../../bindings/libtorch/folders';
import { type Argument, type Call, inputsOf, PerLanguage, type Sample } from './call';
import { Input } from './inputs';
import type { Outcome, Value } from './outcome';

/** The properties of the Python process: `about` in oracle.py. */
export interface PythonEnvironment {
  torch: string;
  git_version: string | null;
  /** The directory of the torch package. */
  directory: string;
  /** The CUDA version that torch was built with. */
  cuda: string | null;
  cudnn: number | null;
  threads: number;
  cpu_capability: string;
  python: string;
  executable: string;
  /** The names of the CUDA devices. */
  gpus: readonly string[];
}

const toWire = (call: Call): { request: object; inputs: Input[] } => {
  const inputs = inputsOf(call);
  const encode = (argument: Argument): unknown => {
    if (argument instanceof Input) return { input: inputs.indexOf(argument) };
    if (argument instanceof PerLanguage) return { python: argument.python };
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
    device: call.device ?? 'cpu',
    backward: call.backward ?? 'once',
    show: call.show ?? false,
    autocast: call.autocast ?? null,
  };
  return { request, inputs };
};

/** Thrown if Python does not start, cannot run a request, or ends. */
export class OracleError extends Error {
  override name = 'OracleError';
}

interface Pending {
  resolve(outcomes: Outcome[]): void;
  reject(error: Error): void;
}

export class Oracle {
  private readonly pending: Pending[] = [];
  private readonly chunks: Buffer[] = [];
  private received = 0;
  private wanted = HEAD;
  private ended: Error | undefined;

  private constructor(private readonly python: ChildProcessByStdio<Writable, Readable, null>) {
    python.stdout.on('data', (chunk: Buffer) => this.receive(chunk));
    python.stdin.on('error', () => undefined);
    python.on('exit', (code, signal) =>
      this.fail(new OracleError(`Python ended (${signal ?? `exit status ${code}`})`)),
    );
    python.on('error', ({ message }) => this.fail(new OracleError(message)));
  }

  /**
   * Starts a Python process that computes with this number of threads.
   *
   * @throws OracleError if it does not start, or cannot import torch. Its output is on standard error
   */
  static async start(python: string, threads: number): Promise<Oracle> {
    const script = path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity', 'oracle.py');
    const stdio = ['pipe', 'pipe', 'inherit'] as ['pipe', 'pipe', 'inherit'];
    // Both processes use the same cores, so Python's idle threads must not spin.
    const env = { OMP_WAIT_POLICY: 'PASSIVE', ...process.env };
    const oracle = new Oracle(spawn(python, [script], { stdio, env }));
    await oracle.ask(`torch.set_num_threads(${threads})`, []);
    return oracle;
  }

  /** Ends Python after the requests that were sent. */
  stop(): void {
    this.python.stdin.end();
  }

  async about(): Promise<PythonEnvironment> {
    const [text] = (await this.ask('', ['about()'])) as [string];
    return JSON.parse(text) as PythonEnvironment;
  }

  /** Runs Python source, and returns the values of expressions. */
  async ask(source: string, outputs: readonly string[]): Promise<unknown[]> {
    const [python] = await this.run([{ source, outputs }]);
    if (python!.error) throw new OracleError(`${python!.error.type}: ${python!.error.message}`);
    return plainValue(python!.result!) as unknown[];
  }

  /** Runs requests in Python, in order. Several batches may be pending. */
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
    const head = Buffer.alloc(HEAD);
    head.writeUInt32LE(text.length, 0);
    head.writeUInt32LE(size, 4);
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(this.ended);
      this.pending.push({ resolve, reject });
      this.python.stdin.write(Buffer.concat([head, text, ...chunks]));
    });
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.received += chunk.length;
    while (this.received >= this.wanted) {
      const data = Buffer.concat(this.chunks);
      const end = HEAD + data.readUInt32LE(0) + data.readUInt32LE(4);
      const complete = data.length >= end;
      const rest = complete ? data.subarray(end) : data;
      this.chunks.splice(0, Infinity, rest);
      this.received = rest.length;
      this.wanted = complete ? HEAD : end;
      if (complete) this.answer(data);
    }
  }

  private answer(frame: Buffer): void {
    const head = HEAD + frame.readUInt32LE(0);
    const payload = frame.subarray(head, head + frame.readUInt32LE(4));
    const answer = JSON.parse(frame.toString('utf8', HEAD, head)) as Outcome[];
    this.pending.shift()!.resolve(answer.map((outcome) => decodeOutcome(outcome, payload)));
  }

  private fail(error: Error): void {
    this.ended = error;
    for (const { reject } of this.pending.splice(0)) reject(error);
  }
}

/** The bytes of a frame's two lengths: that of its JSON, and that of its payload. */
const HEAD = 8;

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

/** Converts Python's repr of a number to JavaScript's. Integers keep all digits. */
function numberText(repr: string): string {
  if (/^-?\d+$/.test(repr)) return repr;
  const infinite = /^(-?)inf$/.exec(repr);
  return String(infinite ? Number(`${infinite[1]}Infinity`) : Number(repr));
}

function plainValue(value: Value): unknown {
  if ('list' in value) return value.list.map(plainValue);
  if ('number' in value) return Number(value.number);
  return 'plain' in value ? value.plain : value.tensor;
}
