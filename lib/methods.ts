/**
 * The operators that are methods of `Tensor`, named and typed as torch has them; functions.ts makes functions of the
 * same table. Their documentation is torch's: https://docs.pytorch.org/docs/stable/tensors.html
 */
import { type NewFactories, newFactories } from './factories';
import { type Arithmetic, arithmetic } from './methods/arithmetic';
import { type Comparison, comparison } from './methods/comparison';
import { type ComposedMethods, composedMethods } from './methods/composed';
import { type Conversions, conversions } from './methods/conversions';
import { type Gathering, gathering } from './methods/gathering';
import { type LinearAlgebra, linearAlgebra } from './methods/linear_algebra';
import { type Pointwise, pointwise } from './methods/pointwise';
import { type RandomMethods, random } from './methods/random';
import { type Reductions, reductions } from './methods/reductions';
import { type Shapes, shapes } from './methods/shapes';
import { type Sorting, sorting } from './methods/sorting';

/** Interfaces, since `Tensor` extends this and stands in its types. */
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
