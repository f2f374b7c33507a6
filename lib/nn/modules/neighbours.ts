/** The base of normalizations by neighbouring channels. */
import {
  FLOAT,
  INT,
  optional,
  type Positional,
  required,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import type { LocalResponseNormOptions } from '../functional/normalization';
import { Module } from './module';

export const NEIGHBOURS = {
  size: required(INT),
  alpha: optional(FLOAT, 1e-4),
  beta: optional(FLOAT, 0.75),
  k: optional(FLOAT, 1),
};

/** The arguments of both normalizations by neighbours. */
export type NeighbourArguments = Positional<
  [size: number],
  [alpha: 'alpha', beta: 'beta', k: 'k'],
  LocalResponseNormOptions
>;

/** The base of LocalResponseNorm and CrossMapLRN2d. */
export abstract class NeighbourNorm extends Module<[input: Tensor], Tensor> {
  size: number;
  alpha: number;
  beta: number;
  k: number;

  constructor({ size, alpha, beta, k }: ValuesOf<typeof NEIGHBOURS>) {
    super();
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  override extra_repr(): string {
    const [alpha, beta] = [this.alpha, this.beta].map(floatRepr);
    return `${this.size}, alpha=${alpha}, beta=${beta}, k=${this._kRepr()}`;
  }

  /** Returns Python's `repr` of k. */
  protected _kRepr(): string {
    return floatRepr(this.k);
  }
}
