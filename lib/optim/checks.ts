/** Checks of the options of optimizers. */
import { valueError } from '../bindings/errors';
import { floatRepr } from '../utils/python';
import type { Pair } from './options';
import { isNumber, numberOf, type Value } from './values';

const text = (value: Value): string => (isNumber(value) ? floatRepr(value) : String(value));

/** @throws RangeError (ValueError) unless the tensor has one element */
export function oneElement(name: string, value: Value): void {
  if (!isNumber(value) && value.numel() !== 1) throw valueError(`Tensor ${name} must be 1-element`);
}

/** Returns the check that an option is not negative, and not NaN. */
export const notNegative =
  <Name extends string>(name: Name, what = `${name} value`) =>
  ({ [name]: value }: Readonly<Record<Name, Value>>): void => {
    if (!(numberOf(value) >= 0)) throw valueError(`Invalid ${what}: ${text(value)}`);
  };

const rateNotNegative = notNegative('lr', 'learning rate');

export function rate(options: { readonly lr: Value }): void {
  oneElement('lr', options.lr);
  rateNotNegative(options);
}

export function betas({ betas }: { readonly betas: Pair<Value> }): void {
  for (const [index, beta] of betas.entries()) {
    const number = numberOf(beta);
    if (!(number >= 0 && number < 1)) {
      throw valueError(`Invalid beta parameter at index ${index}: ${text(beta)}`);
    }
  }
}

export const eps = notNegative('eps', 'epsilon value');
export const decay = notNegative('weight_decay');
