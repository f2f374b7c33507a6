import {
  ANYTHING,
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  optional,
  required,
  Signature,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr, floatRepr, tupleRepr } from '../../utils/python';
import * as init from '../init';
import { empty, op } from '../ops';
import { Parameter } from '../parameter';
import { Module } from './module';

const ln = op<(...args: unknown[]) => Tensor>('layer_norm');
const LAYER_NORM = new Signature('LayerNorm', {
  normalized_shape: required(ANYTHING),
  eps: optional(FLOAT, 1e-5),
  elementwise_affine: optional(BOOL, true),
  bias: optional(BOOL, true),
  ...FACTORY,
});
export class LayerNorm extends Module<[input: Tensor], Tensor> {
  static readonly signature = LAYER_NORM.description;
  normalized_shape: number[];
  eps: number;
  declare weight: Parameter | null;
  declare bias: Parameter | null;
  constructor(
    normalized_shape: number | readonly number[],
    options?: FactoryOptions & { eps?: number; elementwise_affine?: boolean; bias?: boolean },
  );
  constructor(...args: unknown[]) {
    const { normalized_shape, eps, bias, ...factory } = LAYER_NORM.read(args);
    super();
    this.normalized_shape = [normalized_shape as number].flat();
    this.eps = eps;
    const f = { device: factory.device, dtype: factory.dtype };
    this.register_parameter('weight', new Parameter(empty(this.normalized_shape, f)));
    this.register_parameter('bias', bias ? new Parameter(empty(this.normalized_shape, f)) : null);
    init.ones_(this.weight!);
    if (this.bias) init.zeros_(this.bias);
  }
  override forward(input: Tensor): Tensor {
    return ln(input, this.normalized_shape, this.weight, this.bias, this.eps);
  }
  override extra_repr(): string {
    return `${tupleRepr(this.normalized_shape)}, eps=${floatRepr(this.eps)}, elementwise_affine=True, bias=${boolRepr(this.bias !== null)}`;
  }
}
