/**
 * The operators that are methods of `Tensor`, named and typed as torch has them; functions.ts makes functions of the
 * same table. Their documentation is torch's: https://docs.pytorch.org/docs/stable/tensors.html
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
