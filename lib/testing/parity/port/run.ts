/** What a user's program says of itself while it is recorded or replayed. */
import type { Module } from '../../../nn/modules/module';
import type { Tensor } from '../../../tensor/tensor';

/** An option of a run. */
export type Option = null | boolean | number | string | readonly Option[];

/**
 * A run of a program, under the names of Python's recorder. The same function can be recorded and replayed.
 *
 * Every method returns the tensor or the module that it takes.
 */
export interface Run {
  readonly options: Readonly<Record<string, Option>>;
  /**
   * A tensor that the run starts from. A replay returns the recorded tensor, which requires a gradient if the recorded
   * one did.
   *
   * @throws RangeError (ValueError) if this step has no such input
   */
  input(name: string, tensor?: Tensor): Tensor;
  /**
   * A module whose parameters and buffers belong to the run. A replay copies the recorded ones into it, and compares
   * them again at the end.
   */
  module<M extends Module>(name: string, module: M): M;
  /** An intermediate result, or a result. A replay compares it with the recorded one. */
  check(name: string, tensor: Tensor): Tensor;
  /** A result. A replay makes no difference between `check` and `output`. */
  output(name: string, tensor: Tensor): Tensor;
  /** The gradients of this step's inputs and of the modules' parameters, as they are now. */
  gradients(): void;
  /** Begins the next step. */
  step(): void;
}

/** What a run's function returns is not looked at, but is awaited. */
export type Port = (run: Run) => unknown;

/** `input`, `state` and `final` name the run's inputs and modules; `gradients` marks a call of `gradients()`. */
export type Kind = 'input' | 'state' | 'record' | 'output' | 'grad' | 'gradients' | 'final';

/** One thing that was recorded, in the order of the program. */
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

/** The index in a run's file: the text `run` of its metadata. */
export interface RunIndex {
  format: number;
  entries: readonly RunEntry[];
  options: Readonly<Record<string, unknown>>;
  warnings: readonly (readonly [category: string, text: string])[];
  /** The language, torch's version and what else decides the bits. */
  language: string;
  torch: string;
  threads: number;
  cpu_capability: string;
  runtime: string;
}

export const FORMAT = 1;

/** The name of an entry's tensor in the file. */
export const keyOf = ({ kind, name, step }: Pick<RunEntry, 'kind' | 'name' | 'step'>): string =>
  `${step}/${kind}/${name}`;

/** The parameters and buffers of a module, those that `state_dict()` leaves out too. */
export const stateOf = (module: Module): [string, Tensor][] => [
  ...module.named_parameters(),
  ...module.named_buffers(),
];
