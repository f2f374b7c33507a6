/** Makes the rows of losses without a row of their own, from the parameters of the loss. */

import { BOOL, FLOAT } from '../../../dispatch/signature';
import type { LossFunction, LossParameters } from '../../../nn/functional/loss/definition';
import type { LossParameter } from '../../../nn/functional/loss/types';
import * as torch from '../../../torch';
import { float } from '../call';
import { always, booleans, ELEMENTWISE, type LossRow, normals, type Values, weights } from './row';

type AnyLoss = Pick<LossFunction<never, LossParameters>, 'options' | 'signature'>;
type LossClass = { readonly functional?: AnyLoss; readonly signature: AnyLoss['signature'] };

const REDUCTION_OPTIONS = ['reduction', 'size_average', 'reduce'];

/** The losses that are a class and a function, keyed by the function's name. */
const classes = new Map<string, [name: string, Class: LossClass]>();
for (const [name, member] of Object.entries(torch.nn as object)) {
  const functional: unknown = Object.hasOwn(Object.getPrototypeOf(member) ?? {}, 'functional')
    ? (member as LossClass).functional
    : undefined;
  if (functional) classes.set((functional as { name: string }).name, [name, member as LossClass]);
}

/** Makes rows for all losses except those named. */
export function defaultRows(known: readonly string[]): LossRow[] {
  return [...classes]
    .filter(([name]) => !known.includes(name))
    .map(([name, found]) => rowOf(name, found));
}

/** Returns the row of a loss between tensors of one shape with normally distributed elements. */
function rowOf(functional: string, [module, Class]: [string, LossClass]): LossRow {
  const { options, signature } = Class.functional!;
  const inputs = signature.filter(({ required }) => required);
  const own = Object.entries(options).filter(([name]) => !REDUCTION_OPTIONS.includes(name));
  const values = own.map(
    ([name, parameter]) => [name, valuesOf(functional, name, parameter)] as const,
  );
  const isShared = (name: string): boolean => Class.signature.some((each) => each.name === name);
  return {
    functional,
    module,
    shapes: ELEMENTWISE,
    inputs: (random, shape, of, ofTarget) =>
      inputs.map((_, index) => random.normal(shape, index < inputs.length - 1 ? of : ofTarget)),
    options: Object.fromEntries(values.filter(([name]) => isShared(name))),
    functionalOptions: Object.fromEntries(values.filter(([name]) => !isShared(name))),
    legacy: 'size_average' in options,
    ...(inputs.length === 2 && { odd: normals! }),
  };
}

/** Returns the values to try for an option of a type. */
function valuesOf(loss: string, name: string, parameter: LossParameter<unknown, unknown>): Values {
  if (parameter.isBuffer) return weights;
  if (parameter.inConstructor === BOOL) return booleans;
  if (parameter.inConstructor === FLOAT) {
    return always(float(parameter.default as number), float(0.5), float(2), float(0), float(-1));
  }
  throw new Error(`${loss} needs a row: nothing says which values of ${name} to try`);
}
