/**
 * The methods of `Tensor` that call operators, with torch's names and types. lib/tensor/functions/index.ts makes
 * functions of the same table. See https://docs.pytorch.org/docs/stable/tensors.html
 */
import { type NewFactories, newFactories } from '../factories';
import { type Arithmetic, arithmetic } from './arithmetic';
import { type Comparison, comparison } from './comparison';
import { type ComposedMethods, composedMethods } from './composed';
import { type Conversions, conversions } from './conversions';
import { type Gathering, gathering } from './gathering';
import { type LinearAlgebra, linearAlgebra } from './linear_algebra';
import { type Pointwise, pointwise } from './pointwise';
import { type RandomMethods, random } from './random';
import { type Reductions, reductions } from './reductions';
import { type Shapes, shapes } from './shapes';
import { type Sorting, sorting } from './sorting';

/** Must be an interface of interfaces: `Tensor` extends it, and they refer to `Tensor`. */
export interface TensorMethods
  extends Arithmetic,
    Pointwise,
    Comparison,
    Reductions,
    Sorting,
    LinearAlgebra,
    Shapes,
    Gathering,
    RandomMethods,
    ComposedMethods,
    Conversions,
    NewFactories {}

export const methods: TensorMethods = {
  ...arithmetic,
  ...pointwise,
  ...comparison,
  ...reductions,
  ...sorting,
  ...linearAlgebra,
  ...shapes,
  ...gathering,
  ...random,
  ...composedMethods,
  ...conversions,
  ...newFactories,
};
