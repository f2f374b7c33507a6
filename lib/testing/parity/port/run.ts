/** The interface between a user's program and its recording or replay. */
import type { Module } from '../../../nn/modules/module';
import type { Tensor } from '../../../tensor/tensor';

/** An option of a run. */
export type Option = null | boolean | number | string | readonly Option[];

/**
 * A run of a program, with the method names of Python's recorder. The same function can be recorded and replayed.
 *
 * Every method returns the tensor or the module that it takes.
 */
export interface Run {
  readonly options: Readonly<Record<string, Option>>;
  /**
   * Declares an input of the run. A replay returns the recorded tensor, which requires a gradient if the recorded one
   * did.
   *
   * @throws RangeError (ValueError) if this step has no such input
   */
  input(name: string, tensor?: Tensor): Tensor;
  /**
   * Declares a module whose parameters and buffers belong to the run. A replay copies the recorded ones into it, and
   * compares them again at the end.
   */
  module<M extends Module>(name: string, module: M): M;
  /** Declares a result or an intermediate result. A replay compares it with the recorded one. */
  check(name: string, tensor: Tensor): Tensor;
  /** Declares a result. A replay treats it like `check`. */
  output(name: string, tensor: Tensor): Tensor;
  /** Records the current gradients of this step's inputs and of the modules' parameters. */
  gradients(): void;
  /** Begins the next step. */
  step(): void;
}

/** The function of a run. Its result is awaited and ignored. */
export type Port = (run: Run) => unknown;

/** `input`, `state` and `final` name the run's inputs and modules; `gradients` marks a call of `gradients()`. */
export type Kind = 'input' | 'state' | 'record' | 'output' | 'grad' | 'gradients' | 'final';

/** An entry of the recording. Entries have the order of the program. */
export interface RunEntry {
  kind: Kind;
  name: string;
  step: number;
  device?: string;
  requires_grad?: boolean;
  strides?: readonly number[];
  /** The module that a state belongs to. */
  module?: string;
}

/** The index of a run's file, which is the text `run` of its metadata. */
export interface RunIndex {
  format: number;
  entries: readonly RunEntry[];
  options: Readonly<Record<string, unknown>>;
  warnings: readonly (readonly [category: string, text: string])[];
  /** The environment of the recording: the language, torch's version and other properties that determine the bits. */
  language: string;
  torch: string;
  threads: number;
  cpu_capability: string;
  runtime: string;
}

export const FORMAT = 1;

/** Returns the name of an entry's tensor in the file. */
export const keyOf = ({ kind, name, step }: Pick<RunEntry, 'kind' | 'name' | 'step'>): string =>
  `${step}/${kind}/${name}`;

/** Returns the parameters and buffers of a module, including those that `state_dict()` leaves out. */
export const stateOf = (module: Module): [string, Tensor][] => [
  ...module.named_parameters(),
  ...module.named_buffers(),
];
