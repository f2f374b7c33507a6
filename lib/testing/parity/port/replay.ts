/** Runs a port with the inputs of a recorded run, and compares its results with the recording. */
import { assertionError, typeError, valueError } from '../../../bindings/errors';
import { isTensor } from '../../../bindings/handle';
import { native } from '../../../bindings/native';
import { is_available } from '../../../cuda/device';
import { describe } from '../../../dispatch/arguments';
import type { Module } from '../../../nn/modules/module';
import { withoutGrad } from '../../../nn/ops';
import type { Tensor } from '../../../tensor/tensor';
import { wordsOf } from '../../diagnosis/evidence';
import { Comparison, type RunReport, type Tolerances } from './comparison';
import { environmentHere, environmentOf, sideNotes, warningNotes } from './environments';
import { generatorKey, generators, generatorsInUse, keptGenerators, sameState } from './generators';
import { type Kind, keyOf, type Option, type Port, type Run, type RunEntry, stateOf } from './run';
import { checkedName, RunFile } from './run_file';
import { labelOf } from './tensor_report';
import { runText } from './text';

export interface ReplayOptions extends Tolerances {
  /** The number of threads. Default: that of the recording. */
  threads?: number | undefined;
}

/**
 * Runs a port with the inputs of a recorded run, and compares the results that it checks with the recording, by default
 * bit by bit. It runs with the recording's number of threads and states of the random generators, which are restored
 * afterwards.
 *
 * @param file - that Python's `record_run` or `record` wrote
 * @returns a report on every recorded tensor
 * @throws TorchError (AssertionError) with the report as text, and as `report`, if a tensor differs or was not checked;
 *   RangeError (ValueError) for a file that holds no run, and a name that is not in it
 */
export async function replay(
  file: string,
  port: Port,
  options: ReplayOptions = {},
): Promise<RunReport> {
  const report = await reportOn(file, port, options);
  if (report.verdict !== 'different') return report;
  throw Object.assign(assertionError(runText(report)), { report });
}

/** Implements `replay`. Differences are no error. @internal */
export async function reportOn(
  path: string,
  port: Port,
  { threads, ...tolerances }: ReplayOptions = {},
): Promise<RunReport> {
  if (typeof port !== 'function') {
    throw typeError(`replay(): the port must be a function, got ${describe(port)}`);
  }
  const file = new RunFile(path);
  const threadsBefore = native.get_num_threads();
  const restore = keptGenerators();
  try {
    native.set_num_threads(threads ?? file.index.threads);
    const run = new Replay(file, tolerances);
    await port(run);
    return run.finish();
  } finally {
    native.set_num_threads(threadsBefore);
    restore();
    file.close();
  }
}

class Replay implements Run {
  readonly options: Readonly<Record<string, Option>>;
  readonly #comparison: Comparison;
  readonly #leaves = new Map<string, Tensor>();
  readonly #modules = new Map<string, Module>();
  #step = 0;

  constructor(
    private readonly file: RunFile,
    tolerances: Tolerances,
  ) {
    this.options = file.options;
    this.#comparison = new Comparison(file, tolerances);
    this.#setRandom('start');
  }

  input(name: string): Tensor {
    const entry = this.#entry('input', ['input'], name);
    const device = entry.device?.startsWith('cuda') && is_available() ? entry.device : 'cpu';
    const read = this.file.laidOut(entry);
    const tensor = device === 'cpu' ? read : read.to(device);
    if (entry.requires_grad) this.#leaves.set(name, tensor.requires_grad_());
    this.#setRandom(`input ${name}`);
    return tensor;
  }

  module<M extends Module>(name: string, module: M): M {
    checkedName('module', name);
    const recorded = this.file.index.entries.filter(
      (entry) => entry.kind === 'state' && entry.module === name && entry.step === this.#step,
    );
    if (recorded.length === 0) this.#unknown('module', name, this.#names(['state'], 'module'));
    const state = new Map(stateOf(module));
    const theirs = wordsOf(this.file.index.language).possessive;
    for (const entry of recorded) {
      const key = entry.name.slice(name.length + 1);
      const tensor = state.get(key);
      if (!tensor)
        throw valueError(`module(): ${name} has no ${JSON.stringify(key)}, and ${theirs} has`);
      const { shape } = this.file.describe(keyOf(entry));
      if (String(shape) !== String(tensor.shape)) {
        throw valueError(
          `module(): ${entry.name} has the shape [${tensor.shape.join(', ')}], and ${theirs} [${shape.join(', ')}]`,
        );
      }
      const value = this.file.tensor(keyOf(entry));
      withoutGrad(() => tensor.copy_(value));
      value.dispose();
      state.delete(key);
    }
    const [surplus] = state.keys();
    if (surplus !== undefined) {
      throw valueError(`module(): ${name} has ${JSON.stringify(surplus)}, and ${theirs} has not`);
    }
    this.#modules.set(name, module);
    this.#setRandom(`module ${name}`);
    return module;
  }

  check(name: string, tensor: Tensor): Tensor {
    if (!isTensor(tensor)) {
      throw typeError(`check(): ${JSON.stringify(name)} must be a Tensor, got ${describe(tensor)}`);
    }
    const entry = this.#entry('check', ['record', 'output'], name);
    if (this.#comparison.has(entry)) {
      throw valueError(
        `check(): ${JSON.stringify(name)} was checked already in step ${this.#step}`,
      );
    }
    this.#comparison.compare(entry, tensor);
    return tensor;
  }

  output(name: string, tensor: Tensor): Tensor {
    return this.check(name, tensor);
  }

  gradients(): void {
    const step = this.#step;
    const entries = this.file.index.entries.filter((entry) => entry.step === step);
    if (!entries.some(({ kind }) => kind === 'gradients')) {
      throw valueError(`gradients(): the recording has none in step ${step}`);
    }
    const grads = this.#gradients();
    for (const entry of entries.filter(({ kind }) => kind === 'grad')) {
      this.#comparison.compare(entry, grads.get(entry.name));
      grads.delete(entry.name);
    }
    for (const [name, grad] of grads) this.#comparison.surplus({ kind: 'grad', name, step }, grad);
  }

  step(): void {
    this.#step++;
    this.#leaves.clear();
    this.#setRandom('step');
  }

  finish(): RunReport {
    for (const entry of this.file.index.entries) {
      const module = this.#modules.get(entry.module ?? '');
      if (entry.kind !== 'final' || !module) continue;
      const state = new Map(stateOf(module));
      this.#comparison.compare(entry, state.get(entry.name.slice(entry.module!.length + 1)));
    }
    const others = generatorsInUse().filter(({ device, get }) => {
      const key = generatorKey(this.#step, device, 'end');
      if (!this.file.has(key)) return false;
      return !sameState(get(), this.file.bytes(key, 0, this.file.describe(key).size));
    });
    const random = others.map(
      ({ device }) =>
        `The random generator of ${device} ends in another state: other random numbers were drawn.`,
    );
    const recorded = environmentOf(this.file.index);
    const sides = { recorded, here: environmentHere(recorded.device) };
    return this.#comparison.finish(sides, [
      ...sideNotes(sides),
      ...warningNotes(this.file.index),
      ...random,
    ]);
  }

  #gradients(): Map<string, Tensor> {
    const parameters = [...this.#modules].flatMap(([name, module]) =>
      [...module.named_parameters()].map(
        ([key, parameter]) => [`${name}.${key}`, parameter] as const,
      ),
    );
    const grads = [...this.#leaves, ...parameters].map(
      ([name, leaf]) => [name, leaf.grad] as const,
    );
    return new Map(grads.filter((pair): pair is [string, Tensor] => pair[1] !== null));
  }

  #entry(method: string, kinds: readonly Kind[], name: string): RunEntry {
    checkedName(method, name);
    for (const kind of kinds) {
      const entry = this.file.entry(keyOf({ kind, name, step: this.#step }));
      if (entry) return entry;
    }
    return this.#unknown(method, name, this.#names(kinds, 'name'));
  }

  #names(kinds: readonly Kind[], field: 'name' | 'module'): string[] {
    const entries = this.file.index.entries.filter(
      ({ kind, step }) => kinds.includes(kind) && step === this.#step,
    );
    return [...new Set(entries.map((entry) => entry[field] ?? labelOf(entry)))];
  }

  #unknown(method: string, name: string, names: readonly string[]): never {
    throw valueError(
      `${method}(): step ${this.#step} of ${this.file.path} has no ${JSON.stringify(name)}; ` +
        `it has ${names.join(', ') || 'none'}`,
    );
  }

  /** Sets the random generators to their recorded states after the same call. */
  #setRandom(call: string): void {
    for (const { device, set } of generators()) {
      const key = generatorKey(this.#step, device, call);
      if (this.file.has(key)) set(this.file.tensor(key));
    }
  }
}
