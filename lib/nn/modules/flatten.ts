/** Modules that change shapes. Source: torch/nn/modules/flatten.py. */

import { INT, INTS, optional, type Positional, required } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { tupleRepr } from '../../utils/python';
import { op } from '../ops';
import { attributeLayer } from './layer';

export interface FlattenOptions {
  /** The first dimension to flatten. Default: 1. */
  start_dim?: number | undefined;
  /** The last dimension to flatten. Default: -1. */
  end_dim?: number | undefined;
}

const FLATTEN = { start_dim: optional(INT, 1), end_dim: optional(INT, -1) };

/**
 * Flattens a range of dimensions into one.
 *
 * Shapes: input (N, *); output (N, product of *) with the default dimensions.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 */
export class Flatten extends attributeLayer<
  Positional<[], [start_dim: 'start_dim', end_dim: 'end_dim'], FlattenOptions>,
  typeof FLATTEN
>('Flatten', FLATTEN) {
  override forward(input: Tensor): Tensor {
    return flatten(input, this.start_dim, this.end_dim);
  }

  override extra_repr(): string {
    return `start_dim=${this.start_dim}, end_dim=${this.end_dim}`;
  }
}

const flatten = op<(self: Tensor, start_dim: number, end_dim: number) => Tensor>('flatten', [
  'using_ints',
]);

const UNFLATTEN = { dim: required(INT), unflattened_size: required(INTS) };
const unflatten = op<(self: Tensor, dim: number, sizes: readonly number[]) => Tensor>('unflatten', [
  'int',
]);

/**
 * Splits a dimension into several.
 *
 * Shapes: input (*, S, *), where S is the dimension `dim`; output (*, the sizes, *).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 */
export class Unflatten extends attributeLayer<
  [dim: number, unflattened_size: readonly number[]],
  typeof UNFLATTEN
>('Unflatten', UNFLATTEN) {
  override forward(input: Tensor): Tensor {
    return unflatten(input, this.dim, this.unflattened_size);
  }

  override extra_repr(): string {
    return `dim=${this.dim}, unflattened_size=${tupleRepr(this.unflattened_size)}`;
  }
}
