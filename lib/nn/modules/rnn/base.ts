/** The base of recurrent layers. Source: torch/nn/modules/rnn.py. */

import { valueError } from '../../../bindings/errors';
import { warn } from '../../../bindings/warnings';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  nullable,
  optional,
  required,
  Signature,
  STRING,
  TENSOR,
  typeOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { boolRepr, floatRepr } from '../../../utils/python';
import * as init from '../../init';
import { empty, op, withoutGrad } from '../../ops';
import { Parameter } from '../../parameter';
import { PackedSequence } from '../../utils/rnn';
import type { Converter } from '../conversion';
import { Module } from '../module';
import { packedForward, paddedForward } from './forward';
import { type InitialState, KINDS, type Layer, type Mode, PAIR, SIZES, type States } from './kinds';

const mayFlatten = op<() => boolean>('_use_cudnn_rnn_flatten_weight');
const isAcceptable = op<(self: Tensor) => boolean>('cudnn_is_acceptable');
const flatten = op<(weights: readonly Tensor[], ...settings: (number | boolean)[]) => Tensor>(
  '_cudnn_rnn_flatten_weight',
);

export interface GRUOptions extends FactoryOptions {
  /** The number of layers, each of which gets the outputs of the one before. Default: 1. */
  num_layers?: number | undefined;
  /** Whether there are biases. Default: true. */
  bias?: boolean | undefined;
  /** Whether the batch is the first dimension of input and output, and the step the second. Default: false. */
  batch_first?: boolean | undefined;
  /** The probability of dropout after each layer but the last, in training. Default: 0. */
  dropout?: number | undefined;
  /** Whether each layer also goes from the end to the beginning. Default: false. */
  bidirectional?: boolean | undefined;
}

export interface LSTMOptions extends GRUOptions {
  /** The size to which each layer's hidden state is projected. Default: 0, no projection. */
  proj_size?: number | undefined;
}

export interface RNNOptions extends GRUOptions {
  /** Default: `'tanh'`. */
  nonlinearity?: 'tanh' | 'relu' | undefined;
}

export const NUM_LAYERS = { num_layers: optional(INT, 1) };
export const COMMON = {
  bias: optional(BOOL, true),
  batch_first: optional(BOOL, false),
  dropout: optional(FLOAT, 0),
  bidirectional: optional(BOOL, false),
};
export const PROJECTION = { proj_size: optional(INT, 0) };

const BASE = new Signature('RNNBase', {
  mode: required(STRING),
  ...SIZES,
  ...NUM_LAYERS,
  ...COMMON,
  ...PROJECTION,
  ...FACTORY,
});

const INPUT = typeOf<Tensor | PackedSequence>(
  'a Tensor or a PackedSequence',
  (value) => value instanceof PackedSequence || TENSOR.accepts(value),
);
const ONE_STATE = { input: required(INPUT), hx: nullable<States>(TENSOR) };
const TWO_STATES = { input: required(INPUT), hx: nullable<States>(PAIR) };
const FORWARD: Readonly<Record<Mode, Signature<typeof ONE_STATE>>> = {
  RNN_RELU: new Signature('RNN.forward', ONE_STATE),
  RNN_TANH: new Signature('RNN.forward', ONE_STATE),
  LSTM: new Signature('LSTM.forward', TWO_STATES),
  GRU: new Signature('GRU.forward', ONE_STATE),
};

export interface RNNBase<Hidden> {
  (input: Tensor, hx?: InitialState<Hidden>): [output: Tensor, hidden: Hidden];
  (input: PackedSequence, hx?: InitialState<Hidden>): [output: PackedSequence, hidden: Hidden];
}

/**
 * The base of {@link RNN}, {@link LSTM} and {@link GRU}.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.rnn.RNNBase.html
 *
 * @typeParam Hidden - a tensor, or the two of an LSTM
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface has the type of a call
export class RNNBase<Hidden = Tensor> extends Module<
  [input: Tensor | PackedSequence, hx?: InitialState<Hidden>],
  [output: Tensor | PackedSequence, hidden: Hidden]
> {
  mode: Mode;
  input_size: number;
  hidden_size: number;
  num_layers: number;
  bias: boolean;
  batch_first: boolean;
  dropout: number;
  bidirectional: boolean;
  proj_size: number;
  /** The names of the weights of each layer and direction. @internal */
  _all_weights: readonly (readonly string[])[];

  /**
   * @param mode - `'RNN_TANH'`, `'RNN_RELU'`, `'LSTM'` or `'GRU'`
   * @throws RangeError (ValueError) for a mode, a size or a probability that is not allowed
   */
  constructor(mode: Mode, input_size: number, hidden_size: number, options?: LSTMOptions);
  constructor(...args: unknown[]) {
    const { mode, dropout, device, dtype, ...sizes } = BASE.read(args);
    super();
    this.mode = mode as Mode;
    this.input_size = sizes.input_size;
    this.hidden_size = sizes.hidden_size;
    this.num_layers = sizes.num_layers;
    this.bias = sizes.bias;
    this.batch_first = sizes.batch_first;
    this.dropout = dropout;
    this.bidirectional = sizes.bidirectional;
    this.proj_size = sizes.proj_size;
    check(this);
    const gateSize = KINDS[this.mode].gates * this.hidden_size;
    const outputSize = this.proj_size || this.hidden_size;
    const directions = this.bidirectional ? 2 : 1;
    const names: string[][] = [];
    for (let layer = 0; layer < this.num_layers; layer++) {
      const inputSize = layer === 0 ? this.input_size : outputSize * directions;
      for (const suffix of ['', '_reverse'].slice(0, directions)) {
        const shapes: [string, number[]][] = [
          ['weight_ih', [gateSize, inputSize]],
          ['weight_hh', [gateSize, outputSize]],
        ];
        if (this.bias) shapes.push(['bias_ih', [gateSize]], ['bias_hh', [gateSize]]);
        if (this.proj_size > 0) shapes.push(['weight_hr', [this.proj_size, this.hidden_size]]);
        const named = shapes.map(([name, shape]) => [`${name}_l${layer}${suffix}`, shape] as const);
        for (const [name, shape] of named) {
          this.register_parameter(name, new Parameter(empty(shape, { device, dtype })));
        }
        names.push(named.map(([name]) => name));
      }
    }
    this._all_weights = names;
    this.flatten_parameters();
    this.reset_parameters();
  }

  /** The weights of each layer and direction. */
  get all_weights(): Parameter[][] {
    const weights = this as unknown as Record<string, Parameter>;
    return this._all_weights.map((names) => names.map((name) => weights[name]!));
  }

  /** Initializes all weights again, from the uniform distribution on ±1 / sqrt(hidden_size). */
  reset_parameters(): void {
    const bound = this.hidden_size > 0 ? 1 / Math.sqrt(this.hidden_size) : 0;
    for (const weight of this.parameters()) init.uniform_(weight, -bound, bound);
  }

  /** Puts weights on a CUDA device into one block of memory, as cuDNN wants it. Does nothing on other devices. */
  flatten_parameters(): void {
    const weights = this.all_weights.flat();
    const [first] = weights;
    if (!weights.every((weight) => isFlattenable(weight, first!))) return;
    if (new Set(weights.map((weight) => weight.data_ptr())).size !== weights.length) return;
    withoutGrad(() => {
      if (!mayFlatten()) return;
      flatten(
        weights,
        (this.bias ? 4 : 2) + (this.proj_size > 0 ? 1 : 0),
        this.input_size,
        KINDS[this.mode].cudnn,
        this.hidden_size,
        this.proj_size,
        this.num_layers,
        this.batch_first,
        this.bidirectional,
      );
    });
  }

  override _apply(convert: Converter): this {
    super._apply(convert);
    this.flatten_parameters();
    return this;
  }

  /**
   * Computes all steps.
   *
   * @param input - a tensor, or sequences of different lengths as a PackedSequence
   * @param hx - the initial hidden state. Default: null, zeros
   * @returns the last layer's output of each step, and the hidden state after the last step
   * @throws TorchError (RuntimeError) for shapes that do not fit; RangeError (ValueError) for a wrong dtype
   */
  override forward(input: Tensor, hx?: InitialState<Hidden>): [output: Tensor, hidden: Hidden];
  override forward(
    input: PackedSequence,
    hx?: InitialState<Hidden>,
  ): [output: PackedSequence, hidden: Hidden];
  override forward(
    input: Tensor | PackedSequence,
    hx?: InitialState<Hidden>,
  ): [output: Tensor | PackedSequence, hidden: Hidden];
  override forward(...args: unknown[]): [output: Tensor | PackedSequence, hidden: Hidden] {
    const { input, hx } = FORWARD[this.mode].read(args);
    const states = hx === null ? null : [hx].flat();
    const [output, hidden] =
      input instanceof PackedSequence
        ? packedForward(this, input, states)
        : paddedForward(this, input, states);
    return [output, (this.mode === 'LSTM' ? hidden : hidden[0]) as Hidden];
  }

  override extra_repr(): string {
    const parts = [String(this.input_size), String(this.hidden_size)];
    if (this.proj_size !== 0) parts.push(`proj_size=${this.proj_size}`);
    if (this.num_layers !== 1) parts.push(`num_layers=${this.num_layers}`);
    if (!this.bias) parts.push(`bias=${boolRepr(this.bias)}`);
    if (this.batch_first) parts.push(`batch_first=${boolRepr(this.batch_first)}`);
    if (this.dropout !== 0) parts.push(`dropout=${floatRepr(this.dropout)}`);
    if (this.bidirectional) parts.push(`bidirectional=${boolRepr(this.bidirectional)}`);
    return parts.join(', ');
  }
}

function check(layer: Layer): void {
  const { mode, dropout, num_layers, input_size, hidden_size, proj_size } = layer;
  if (!(dropout >= 0 && dropout <= 1)) {
    throw valueError(
      'dropout should be a number in range [0, 1] representing the probability of an element being zeroed',
    );
  }
  if (dropout > 0 && num_layers === 1) {
    warn(
      'dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater ' +
        `than 1, but got dropout=${dropout} and num_layers=${num_layers}`,
    );
  }
  const sizes = { input_size, hidden_size, num_layers };
  for (const [name, size] of Object.entries(sizes)) {
    if (size <= 0) throw valueError(`${name} must be greater than zero`);
  }
  if (proj_size < 0) {
    throw valueError('proj_size should be a positive integer or zero to disable projections');
  }
  if (proj_size >= hidden_size) throw valueError('proj_size has to be smaller than hidden_size');
  if (!Object.hasOwn(KINDS, mode)) throw valueError(`Unrecognized RNN mode: ${mode}`);
}

const isFlattenable = (weight: unknown, first: Parameter): boolean =>
  weight instanceof Parameter &&
  weight.is_cuda &&
  weight.dtype === first.dtype &&
  isAcceptable(weight);
