/** Records a run in the format of torch_losses_run.py, so that a Python program can be compared with it. */
import { closeSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { __version__ } from '../../../backends/process';
import { typeError, valueError } from '../../../bindings/errors';
import { isTensor } from '../../../bindings/handle';
import { native } from '../../../bindings/native';
import { describe } from '../../../dispatch/arguments';
import type { Module } from '../../../nn/modules/module';
import { headBytes, METADATA, NAMES } from '../../../serialization/safetensors_header';
import type { Tensor } from '../../../tensor/tensor';
import { bytesOf } from '../../difference/elements';
import { generatorKey, generatorsInUse, sameState } from './generators';
import {
  FORMAT,
  type Kind,
  keyOf,
  type Option,
  type Port,
  type Run,
  type RunEntry,
  type RunIndex,
  stateOf,
} from './run';
import { checkedName } from './run_file';

export interface RecordOptions {
  /**
   * The options of the run: numbers, texts, booleans, null and lists of these. The program reads them as `run.options`.
   */
  options?: Readonly<Record<string, Option>> | undefined;
}

/**
 * Records what a program computes. Tensors are written to a file beside `file` at once, so a run may be larger than
 * memory. A program that fails leaves no file.
 *
 * @throws TypeError for an option or a tensor that the file cannot hold; RangeError (ValueError) for a name that is
 *   recorded twice in one step
 */
export async function record(
  file: string,
  program: Port,
  { options = {} }: RecordOptions = {},
): Promise<void> {
  if (typeof program !== 'function') {
    throw typeError(`record(): the program must be a function, got ${describe(program)}`);
  }
  const recording = new Recording(file, options);
  try {
    await program(recording);
    recording.finish();
  } finally {
    recording.close();
  }
}

const CHUNK = 2 ** 24;

class Recording implements Run {
  readonly #data: number;
  readonly #place: string;
  readonly #entries: RunEntry[] = [];
  readonly #header: Record<string, unknown> = Object.create(null);
  readonly #leaves = new Map<string, Tensor>();
  readonly #modules = new Map<string, Module>();
  readonly #plain: Record<string, unknown>;
  #end = 0;
  #step = 0;
  /** The latest state of each device's generator. */
  readonly #random = new Map<string, Uint8Array>();

  constructor(
    private readonly file: string,
    readonly options: Readonly<Record<string, Option>>,
  ) {
    this.#plain = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, plain(name, value)]),
    );
    this.#place = `${file}.${process.pid}.data`;
    this.#data = openSync(this.#place, 'wx+');
    this.#keepRandom('start');
  }

  input(name: string, tensor?: Tensor): Tensor {
    this.#add('input', name, tensor!, { requires_grad: tensor?.requires_grad === true });
    if (tensor!.requires_grad) {
      if (!tensor!.is_leaf) tensor!.retain_grad();
      this.#leaves.set(name, tensor!);
    }
    this.#keepRandom(`input ${name}`);
    return tensor!;
  }

  module<M extends Module>(name: string, module: M): M {
    checkedName('module', name);
    if (this.#modules.has(name)) {
      throw valueError(`module(): ${JSON.stringify(name)} is recorded already`);
    }
    for (const [key, tensor] of stateOf(module)) {
      const { requires_grad } = tensor;
      this.#add('state', `${name}.${key}`, tensor, { module: name, requires_grad });
    }
    this.#modules.set(name, module);
    this.#keepRandom(`module ${name}`);
    return module;
  }

  check(name: string, tensor: Tensor): Tensor {
    return this.#add('record', name, tensor);
  }

  output(name: string, tensor: Tensor): Tensor {
    return this.#add('output', name, tensor);
  }

  gradients(): void {
    for (const [name, leaf] of this.#leaves) if (leaf.grad) this.#add('grad', name, leaf.grad);
    for (const [name, module] of this.#modules) {
      for (const [key, parameter] of module.named_parameters()) {
        if (parameter.grad) this.#add('grad', `${name}.${key}`, parameter.grad);
      }
    }
    this.#entries.push({ kind: 'gradients', name: '', step: this.#step });
  }

  step(): void {
    this.#step++;
    this.#leaves.clear();
    this.#keepRandom('step');
  }

  finish(): void {
    for (const [name, module] of this.#modules) {
      for (const [key, tensor] of stateOf(module)) {
        this.#add('final', `${name}.${key}`, tensor, { module: name });
      }
    }
    this.#random.clear();
    this.#keepRandom('end');
    const index: RunIndex = {
      format: FORMAT,
      entries: this.#entries,
      options: this.#plain,
      warnings: [],
      language: 'TypeScript',
      torch: __version__,
      threads: native.get_num_threads(),
      cpu_capability: native.cpu_capability(),
      runtime: `Node ${process.version}`,
    };
    const part = `${this.file}.${process.pid}.part`;
    try {
      const descriptor = openSync(part, 'w');
      try {
        const texts = { [METADATA]: { run: JSON.stringify(index) } };
        writeAll(descriptor, headBytes({ ...texts, ...this.#header }));
        const chunk = new Uint8Array(Math.min(CHUNK, this.#end));
        for (let at = 0; at < this.#end; ) {
          const count = readSync(this.#data, chunk, 0, chunk.length, at);
          writeAll(descriptor, chunk.subarray(0, count));
          at += count;
        }
      } finally {
        closeSync(descriptor);
      }
      renameSync(part, this.file);
    } catch (error) {
      rmSync(part, { force: true });
      throw error;
    }
  }

  close(): void {
    closeSync(this.#data);
    rmSync(this.#place, { force: true });
  }

  #add(kind: Kind, name: string, tensor: Tensor, more: Partial<RunEntry> = {}): Tensor {
    checkedName(kind, name);
    if (!isTensor(tensor)) {
      throw typeError(`${kind}: ${JSON.stringify(name)} must be a Tensor, got ${describe(tensor)}`);
    }
    const entry: RunEntry = {
      kind,
      name,
      step: this.#step,
      device: String(tensor.device),
      ...more,
    };
    const key = keyOf(entry);
    if (key in this.#header) {
      throw valueError(
        `${kind}: ${JSON.stringify(name)} is recorded twice in step ${this.#step}; run.step() begins the next`,
      );
    }
    const isGiven = kind === 'input' || kind === 'state';
    if (isGiven && !tensor.is_contiguous()) entry.strides = tensor.stride() as number[];
    this.#write(key, tensor);
    this.#entries.push(entry);
    return tensor;
  }

  #write(key: string, tensor: Tensor): void {
    const dtype = NAMES.get(tensor.dtype);
    if (!dtype)
      throw typeError(`${key} is of ${tensor.dtype}, which the safetensors format has not`);
    const bytes = bytesOf(tensor);
    writeAll(this.#data, bytes);
    const end = this.#end + bytes.length;
    this.#header[key] = { dtype, shape: tensor.shape, data_offsets: [this.#end, end] };
    this.#end = end;
  }

  /** Records the states of the random generators after a call, if the call changed them. */
  #keepRandom(call: string): void {
    for (const { device, get } of generatorsInUse()) {
      const state = get();
      const last = this.#random.get(device);
      if (last && sameState(state, last)) continue;
      this.#random.set(device, bytesOf(state));
      this.#write(generatorKey(this.#step, device, call), state);
    }
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(CHUNK, bytes.length - done));
  }
}

/** Returns an option as a value of JSON. */
function plain(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(name, item));
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { float: Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf' };
  }
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return value;
  throw typeError(`record(): option ${name} is ${describe(value)}, which the file cannot hold`);
}
