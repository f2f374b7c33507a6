/** What the options of optimizers have in common: their types and declarations. */
import {
  BOOL,
  FLOAT,
  nullable,
  option,
  optional,
  orNull,
  type Positional,
  TENSOR,
  type Type,
  typeOf,
} from '../dispatch/signature';
import type { Value } from './values';

/** A number, or a tensor of one element. */
export const VALUE: Type<Value> = typeOf(
  'a number or a Tensor',
  (value) => FLOAT.accepts(value) || TENSOR.accepts(value),
);

export type Pair<T = number> = readonly [T, T];

const pairOf = <T>(expected: string, { accepts }: Type<T>): Type<Pair<T>> =>
  typeOf(
    expected,
    (value) => Array.isArray(value) && value.length === 2 && value.every((each) => accepts(each)),
  );

export const PAIR = pairOf('an array of two numbers', FLOAT);
export const VALUE_PAIR = pairOf('an array of two numbers or two Tensors', VALUE);

/** How an optimizer takes its steps. */
export interface StepOptions {
  /** Go up instead of down. Default: false. */
  maximize: boolean;
  /** Change all parameters at once. Default: null: on CUDA. */
  foreach: boolean | null;
  /** Record the step, to differentiate through it. Default: false. */
  differentiable: boolean;
}

/** The same, for optimizers that CUDA graphs can capture. */
export interface CapturableOptions extends StepOptions {
  /** Keep the number of steps on the device, so that a CUDA graph can capture the step. CUDA only. Default: false. */
  capturable: boolean;
}

/** The same, for variants of Adam. */
export interface AdamLikeOptions extends CapturableOptions {
  /** How much of the averages of gradients and of their squares is kept. Default: [0.9, 0.999]. */
  betas: Pair;
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** The factor of the L2 penalty. Default: 0. */
  weight_decay: number;
}

/** Declares the learning rate. */
export const learningRate = (fallback: number) => optional<Value>(VALUE, fallback);

/** Declares what variants of Adam have in common. */
export const ADAM_LIKE = {
  betas: optional<Pair>(PAIR, [0.9, 0.999]),
  eps: optional(FLOAT, 1e-8),
  weight_decay: optional(FLOAT, 0),
};

/** Declares options by name only. */
export const FLAG = option(BOOL, false);
export const CHOICE = option<boolean | null>(orNull(BOOL), null);

/** The same, where they may also be given by position. */
export const MAYBE_FLAG = optional(BOOL, false);
export const MAYBE_CHOICE = nullable(BOOL);

/** Options that a caller leaves out have their defaults. */
export type Given<Group> = { [Key in keyof Group]?: Group[Key] | undefined };

/**
 * The arguments of a constructor after the parameters: the first options by position, in the order of their names, and
 * the others by name.
 */
export type Arguments<Group, Names extends readonly (keyof Group)[]> = Positional<
  [],
  Names,
  Given<Group>
>;
