/**
 * The operators that are methods of `Tensor`: one typed line each, named and typed as torch has them.
 *
 * `method<Type>('name', ['overload', …])` calls `aten::name` with the tensor first, trying the overloads in order.
 * functions.ts makes functions of the same table.
 */
import { Operator } from './operators';
import type { Scalar } from './scalar';
import type { Tensor } from './tensor';

type Method = (...args: never[]) => unknown;

const OPERATOR = Symbol('operator');

function method<F extends Method>(name: string, overloads: readonly string[] = ['']): F {
  const operator = new Operator(`aten::${name}`, overloads);
  const call = function (this: Tensor, ...args: unknown[]): unknown {
    return operator.call([this, ...args]);
  };
  Object.defineProperty(call, 'name', { value: name });
  return Object.assign(call, { [OPERATOR]: operator }) as unknown as F;
}

export const methods = {
  add: method<(other: Tensor | Scalar, options?: { alpha?: Scalar }) => Tensor>('add', ['Tensor']),
  add_: method<(other: Tensor | Scalar, options?: { alpha?: Scalar }) => Tensor>('add_', ['Tensor']),
  mul: method<(other: Tensor | Scalar) => Tensor>('mul', ['Tensor']),
};
