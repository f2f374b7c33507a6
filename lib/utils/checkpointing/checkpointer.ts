/** Saves a training so that it can continue with the same bits. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';

import { typeError, valueError } from '../../bindings/errors';
import { get_rng_state_all, set_rng_state_all } from '../../cuda/random';
import { isStarted } from '../../cuda/state';
import { describe, isOptions } from '../../dispatch/arguments';
import {
  ANYTHING,
  FUNCTION,
  INT,
  option,
  optional,
  required,
  Signature,
  STRING,
} from '../../dispatch/signature';
import { get_rng_state, set_rng_state } from '../../random/generator';
import { read, save_file } from '../../serialization/safetensors';
import type { Tensor } from '../../tensor/tensor';
import { RemovableHandle } from '../hooks';
import { fromTree, toTree } from './tree';

/** What a checkpoint holds: modules, optimizers, schedulers, scalers, loaders, and objects of your own. */
export interface Stateful {
  state_dict(): unknown;
  load_state_dict(state_dict: never): unknown;
}

export interface CheckpointerOptions {
  /** The number of checkpoints that are kept. Default: 3. */
  keepLast?: number | undefined;
}

const SIGNATURE = new Signature('Checkpointer', {
  directory: required(STRING),
  objects: required(ANYTHING),
  keepLast: option(INT, 3),
});

const ON_SIGNAL = new Signature('onSignal', {
  values: optional<unknown>(FUNCTION, () => ({})),
  signal: optional(STRING, 'SIGTERM'),
});

const FILE = /^checkpoint-(\d+)\.safetensors$/;
const UNFINISHED = '.checkpoint.unfinished';

/** The state of the random generators. */
interface Generators {
  readonly cpu: Tensor;
  readonly cuda: readonly Tensor[] | null;
}

/** A loader, of which the checkpointer knows only when it is between two batches. */
interface Loader {
  readonly _atBoundary: Set<() => void>;
}

/**
 * Saves the state of a training, and continues from it: a run that was stopped and continued ends in the same bits as
 * one that was not. Saved are the states of the objects, the random generators, and values of your own.
 *
 * ```ts
 * const checkpointer = new Checkpointer('checkpoints', { model, optimizer, scheduler, loader });
 * let epoch = checkpointer.restore()?.epoch ?? 0;
 * checkpointer.onSignal(() => ({ epoch }));
 * for (; epoch < 10; epoch++) {
 *   for await (const [x, y] of loader) { … }
 *   checkpointer.save({ epoch: epoch + 1 });
 * }
 * ```
 *
 * A checkpoint is a file of safetensors, with the rest as JSON in its metadata. It is written under another name, flushed
 * to the disk and renamed, so that there is never a part of one. Gradients are not saved: save between steps.
 *
 * @throws TypeError for an object without `state_dict` and `load_state_dict`
 */
export class Checkpointer<Values extends Record<string, unknown> = Record<string, unknown>> {
  static readonly signature = SIGNATURE.description;
  readonly directory: string;
  readonly keepLast: number;
  readonly #objects: ReadonlyMap<string, Stateful>;

  constructor(
    directory: string,
    objects: Readonly<Record<string, Stateful>>,
    options?: CheckpointerOptions,
  );
  constructor(...args: unknown[]) {
    const given = args.length === 2 ? [...args, {}] : args;
    const { directory, objects, keepLast } = SIGNATURE.read(given);
    if (keepLast < 1) throw valueError(`keepLast must be at least 1, got ${keepLast}`);
    this.directory = path.resolve(directory);
    this.keepLast = keepLast;
    this.#objects = checkedObjects(objects);
  }

  /**
   * Writes a checkpoint, and removes the oldest if there are too many.
   *
   * @param values - what the training needs beside the objects, such as the number of the epoch
   * @returns the path of the file
   * @throws TypeError for what cannot be saved; the error of `fs` if the file cannot be written
   */
  save(values: Values = {} as Values): string {
    if (!isOptions(values)) {
      throw typeError(`save(): argument 'values' must be a plain object, got ${describe(values)}`);
    }
    const tensors = new Map<string, Tensor>();
    const states = Object.fromEntries(
      Array.from(this.#objects, ([name, object]) => [name, object.state_dict()]),
    );
    const generators: Generators = {
      cpu: get_rng_state(),
      cuda: isStarted() ? get_rng_state_all() : null,
    };
    const state = JSON.stringify(toTree({ states, generators, values }, 'checkpoint', tensors));
    mkdirSync(this.directory, { recursive: true });
    const unfinished = path.join(this.directory, UNFINISHED);
    save_file(tensors, unfinished, { state });
    flush(unfinished);
    const numbers = this.#numbers();
    const file = this.#fileOf((numbers[0] ?? 0) + 1);
    renameSync(unfinished, file);
    flush(this.directory);
    for (const number of numbers.slice(this.keepLast - 1)) rmSync(this.#fileOf(number));
    return file;
  }

  /**
   * Loads the newest checkpoint into the objects, and sets the random generators.
   *
   * @returns the values it was saved with, or null if there is no checkpoint
   * @throws RangeError (ValueError) for a file that is no checkpoint, or one of other objects
   */
  restore(): Values | null {
    const [newest] = this.#numbers();
    if (newest === undefined) return null;
    const { tensors, metadata } = read(this.#fileOf(newest));
    const json = metadata.get('state');
    if (json === undefined) throw valueError(`restore(): ${this.#fileOf(newest)} is no checkpoint`);
    const { states, generators, values } = fromTree(JSON.parse(json), tensors) as {
      states: Record<string, unknown>;
      generators: Generators;
      values: Values;
    };
    for (const name of this.#objects.keys()) {
      if (name in states) continue;
      throw valueError(`restore(): ${this.#fileOf(newest)} has no ${JSON.stringify(name)}`);
    }
    for (const [name, object] of this.#objects) object.load_state_dict(states[name] as never);
    set_rng_state(generators.cpu);
    if (generators.cuda) set_rng_state_all(generators.cuda as Tensor[]);
    return values;
  }

  /**
   * After a signal, saves at the end of the current step, and lets the signal end the process. The end of a step is when
   * a loader among the objects is asked for the next batch or the next pass. Without a loader, it saves at once.
   *
   * @param values - returns the values to save. Default: none
   * @param signal - default: SIGTERM
   * @returns removes the handler
   */
  onSignal(values?: () => Values, signal?: NodeJS.Signals): RemovableHandle;
  onSignal(...args: unknown[]): RemovableHandle {
    const { values, signal: name } = ON_SIGNAL.read(args);
    const signal = name as NodeJS.Signals;
    const loaders = [...this.#objects.values()].filter(isLoader);
    const remove = (): void => {
      process.removeListener(signal, onSignal);
      for (const loader of loaders) loader._atBoundary.delete(end);
    };
    const end = (): void => {
      remove();
      this.save((values as () => Values)());
      process.kill(process.pid, signal);
    };
    const onSignal = (): void => {
      if (loaders.length === 0) end();
      for (const loader of loaders) loader._atBoundary.add(end);
    };
    try {
      process.on(signal, onSignal);
    } catch (error) {
      throw valueError(`onSignal(): cannot handle ${signal}: ${(error as Error).message}`);
    }
    return new RemovableHandle(remove);
  }

  /** Returns the numbers of the checkpoints, the newest first. */
  #numbers(): number[] {
    let names: string[];
    try {
      names = readdirSync(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const numbers = names.flatMap((name) => FILE.exec(name)?.[1] ?? []).map(Number);
    return numbers.sort((a, b) => b - a);
  }

  #fileOf(number: number): string {
    return path.join(this.directory, `checkpoint-${String(number).padStart(8, '0')}.safetensors`);
  }
}

const isLoader = (object: Stateful): object is Stateful & Loader =>
  (object as Partial<Loader>)._atBoundary instanceof Set;

function checkedObjects(objects: unknown): Map<string, Stateful> {
  if (!isOptions(objects)) {
    throw typeError(
      `Checkpointer(): argument 'objects' must be a plain object with what to save, got ${describe(objects)}`,
    );
  }
  for (const [name, object] of Object.entries(objects)) {
    const { state_dict, load_state_dict } = (object ?? {}) as Partial<Stateful>;
    if (typeof state_dict === 'function' && typeof load_state_dict === 'function') continue;
    throw typeError(
      `Checkpointer(): ${JSON.stringify(name)} must have state_dict() and load_state_dict(), got ${describe(object)}`,
    );
  }
  return new Map(Object.entries(objects as Record<string, Stateful>));
}

/** Waits until the disk has a file, or the names in a directory. */
function flush(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
