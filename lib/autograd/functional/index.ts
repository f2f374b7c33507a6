/**
 * `torch.autograd.functional`: Jacobians, Hessians, and their products with vectors, of a function of tensors.
 *
 * Source of the steps and messages: torch/autograd/functional.py. `vectorize` and forward mode need vmap, which this
 * package does not have: they are refused.
 *
 * See https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api
 */
export type { Differentiable, ProductOptions, Tensors } from './arguments';
export { hessian, type JacobianOptions, jacobian } from './jacobian';
export { hvp, jvp, vhp, vjp } from './products';
