/** What the options of optimizers have in common: their types, declarations and checks. */
import { valueError } from '../bindings/errors';
import {
  BOOL,
  type Defaulted,
  FLOAT,
  option,
  optional,
  orNull,
  TENSOR,
  type Type,
  typeOf,
} from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';
import { floatRepr } from '../utils/python';
import { isNumber, numberOf, type Value } from './values';

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

/** Declares options by name only. */
export const FLAG = option(BOOL, false);
export const CHOICE = option<boolean | null>(orNull(BOOL), null);

/** The same, where they may also be given by position. */
export const MAYBE_FLAG = optional(BOOL, false);
export const MAYBE_CHOICE = optional<boolean | null>(orNull(BOOL), null);

/** Options that a caller leaves out have their defaults. */
export type Given<Group> = { [Key in keyof Group]?: Group[Key] | undefined };

/**
 * The arguments of a constructor after the parameters: the first options by position, in the order of their names, and
 * the others by name.
 */
export type Arguments<Group, Names extends readonly (keyof Group)[]> = Defaulted<
  Given<Group>,
  Names
>;

const text = (value: Value): string => (isNumber(value) ? floatRepr(value) : String(value));

/** @throws RangeError (ValueError) unless the tensor has one element */
export function checkOneElement(name: string, value: Value): void {
  if (!isNumber(value) && value.numel() !== 1) throw valueError(`Tensor ${name} must be 1-element`);
}

/** @throws RangeError (ValueError) for a negative value, and for NaN */
export function checkNotNegative(what: string, value: Value): void {
  if (!(numberOf(value) >= 0)) throw valueError(`Invalid ${what}: ${text(value)}`);
}

export function checkRate(lr: number | Tensor): void {
  checkOneElement('lr', lr);
  checkNotNegative('learning rate', lr);
}

export function checkBetas(betas: Pair<Value>): void {
  for (const [index, beta] of betas.entries()) {
    const number = numberOf(beta);
    if (!(number >= 0 && number < 1)) {
      throw valueError(`Invalid beta parameter at index ${index}: ${text(beta)}`);
    }
  }
}
