/** The base of normalizations by neighbouring channels. */
import { FLOAT, INT, optional, type Positional, required } from '../../dispatch/signature';
import { floatRepr } from '../../utils/python';
import type { LocalResponseNormOptions } from '../functional/normalization';
import { attributes, type LayerClass, layer } from './layer';

const NEIGHBOURS = {
  size: required(INT),
  alpha: optional(FLOAT, 1e-4),
  beta: optional(FLOAT, 0.75),
  k: optional(FLOAT, 1),
};

export type NeighbourArguments = Positional<
  [size: number],
  [alpha: 'alpha', beta: 'beta', k: 'k'],
  LocalResponseNormOptions
>;

/** The base of LocalResponseNorm and CrossMapLRN2d. */
export abstract class NeighbourNorm extends attributes<typeof NEIGHBOURS>() {
  override extra_repr(): string {
    const [alpha, beta] = [this.alpha, this.beta].map(floatRepr);
    return `${this.size}, alpha=${alpha}, beta=${beta}, k=${this._kRepr()}`;
  }

  /** Returns Python's `repr` of k. */
  protected _kRepr(): string {
    return floatRepr(this.k);
  }
}

/** Makes the base class of a normalization by neighbours. */
export const neighbourNorm = (name: string): LayerClass<NeighbourArguments, NeighbourNorm> =>
  layer(NeighbourNorm, name, NEIGHBOURS);
