/** Recurrent layers. Source: torch/nn/modules/rnn.py. */

import { runtimeError, valueError } from '../../bindings/errors';
import { native } from '../../bindings/native';
import { warn } from '../../bindings/warnings';
import { isOptions } from '../../dispatch/arguments';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  optional,
  orNull,
  type Positional,
  required,
  Signature,
  STRING,
  TENSOR,
  typeOf,
} from '../../dispatch/signature';
import type { Device } from '../../tensor/device';
import type { DType } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr, floatRepr, tupleRepr } from '../../utils/python';
import * as init from '../init';
import { empty, op, withoutGrad } from '../ops';
import { Parameter } from '../parameter';
import { PackedSequence } from '../utils/rnn';
import type { Converter } from './conversion';
import { Module } from './module';

type Mode = 'RNN_TANH' | 'RNN_RELU' | 'LSTM' | 'GRU';
type States = Tensor | readonly Tensor[];
type Settings = [
  weights: readonly Tensor[],
  has_biases: boolean,
  num_layers: number,
  dropout: number,
  train: boolean,
  bidirectional: boolean,
];

/** What the kinds of layers differ in. */
interface Kind {
  /** The class's name in messages. */
  readonly name: string;
  /** The number of gates, each of which has `hidden_size` rows of a weight. */
  readonly gates: number;
  /** The number of the kind in cuDNN. */
  readonly cudnn: number;
  readonly ofPadded: (
    ...args: [input: Tensor, hx: States, ...settings: Settings, batch_first: boolean]
  ) => Tensor[];
  readonly ofPacked: (
    ...args: [data: Tensor, batch_sizes: Tensor, hx: States, ...settings: Settings]
  ) => Tensor[];
}

const kind = (name: string, operator: string, gates: number, cudnn: number): Kind => ({
  name,
  gates,
  cudnn,
  ofPadded: op(operator, ['input']),
  ofPacked: op(operator, ['data']),
});

const KINDS: Readonly<Record<Mode, Kind>> = {
  RNN_RELU: kind('RNN', 'rnn_relu', 1, 0),
  RNN_TANH: kind('RNN', 'rnn_tanh', 1, 1),
  LSTM: kind('LSTM', 'lstm', 4, 2),
  GRU: kind('GRU', 'gru', 3, 3),
};

const zeros =
  op<(size: readonly number[], options: { dtype: DType; device: Device }) => Tensor>('zeros');
const mayFlatten = op<() => boolean>('_use_cudnn_rnn_flatten_weight');
const isAcceptable = op<(self: Tensor) => boolean>('cudnn_is_acceptable');
const flatten = op<(weights: readonly Tensor[], ...settings: (number | boolean)[]) => Tensor>(
  '_cudnn_rnn_flatten_weight',
);

// --- the base -------------------------------------------------------------------------------------------------------

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

const SIZES = { input_size: required(INT), hidden_size: required(INT) };
const NUM_LAYERS = { num_layers: optional(INT, 1) };
const COMMON = {
  bias: optional(BOOL, true),
  batch_first: optional(BOOL, false),
  dropout: optional(FLOAT, 0),
  bidirectional: optional(BOOL, false),
};
const PROJECTION = { proj_size: optional(INT, 0) };

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
const PAIR = typeOf<readonly [Tensor, Tensor]>(
  'an array of two Tensors',
  (value) => Array.isArray(value) && value.length === 2 && value.every(TENSOR.accepts),
);

const ONE_STATE = { input: required(INPUT), hx: optional<States | null>(orNull(TENSOR), null) };
const TWO_STATES = { input: required(INPUT), hx: optional<States | null>(orNull(PAIR), null) };
const FORWARD: Readonly<Record<Mode, Signature<typeof ONE_STATE>>> = {
  RNN_RELU: new Signature('RNN.forward', ONE_STATE),
  RNN_TANH: new Signature('RNN.forward', ONE_STATE),
  LSTM: new Signature('LSTM.forward', TWO_STATES),
  GRU: new Signature('GRU.forward', ONE_STATE),
};

export type InitialState<Hidden> = Hidden | null | { hx?: Hidden | null | undefined };

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
    check(this as Layer);
    const gateSize = KINDS[this.mode].gates * this.hidden_size;
    const outputSize = this.proj_size || this.hidden_size;
    const directions = directionsOf(this);
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
        ? packedForward(this as RNNBase<unknown>, input, states)
        : paddedForward(this as RNNBase<unknown>, input, states);
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

type Layer = RNNBase<unknown>;

const directionsOf = ({ bidirectional }: Pick<Layer, 'bidirectional'>): number =>
  bidirectional ? 2 : 1;

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

// --- forward --------------------------------------------------------------------------------------------------------

type Computed<Output> = [output: Output, hidden: Tensor[]];

function packedForward(
  layer: Layer,
  packed: PackedSequence,
  given: readonly Tensor[] | null,
): Computed<PackedSequence> {
  const { data, batch_sizes, sorted_indices, unsorted_indices } = packed;
  const batch = Number(batch_sizes.select(0, 0).item());
  const states = given ? permuted(given, sorted_indices) : initialStates(layer, data, batch);
  if (layer.mode !== 'LSTM') checkShapes(layer, data, batch, given && states, 2);
  const { ofPacked } = KINDS[layer.mode];
  const [output, ...hidden] = ofPacked(
    data,
    batch_sizes,
    asArgument(layer, states),
    ...settingsOf(layer),
  );
  return [
    new PackedSequence(output!, batch_sizes, sorted_indices, unsorted_indices),
    permuted(hidden, unsorted_indices),
  ];
}

function paddedForward(
  layer: Layer,
  given: Tensor,
  givenStates: readonly Tensor[] | null,
): Computed<Tensor> {
  const { ofPadded, name } = KINDS[layer.mode];
  const { ndim } = given;
  if (ndim !== 2 && ndim !== 3) {
    const noun = name === 'RNN' ? ' tensor' : '';
    throw valueError(`${name}: Expected input to be 2D or 3D, got ${ndim}D${noun} instead`);
  }
  const batchDim = layer.batch_first ? 0 : 1;
  const isBatched = ndim === 3;
  const input = isBatched ? given : given.unsqueeze(batchDim);
  if (givenStates) checkDims(givenStates, ndim);
  const batch = input.size(batchDim);
  const states =
    givenStates?.map((state) => (isBatched ? state : state.unsqueeze(1))) ??
    initialStates(layer, input, batch);
  checkShapes(layer, input, batch, givenStates && states, 3);
  const [output, ...hidden] = ofPadded(
    input,
    asArgument(layer, states),
    ...settingsOf(layer),
    layer.batch_first,
  );
  if (isBatched) return [output!, hidden];
  return [output!.squeeze(batchDim), hidden.map((state) => state.squeeze(1))];
}

/** Returns the weights and settings in the order of the operators. */
const settingsOf = (layer: Layer): Settings => [
  layer.all_weights.flat(),
  layer.bias,
  layer.num_layers,
  layer.dropout,
  layer.training,
  layer.bidirectional,
];

const asArgument = ({ mode }: Layer, states: readonly Tensor[]): States =>
  mode === 'LSTM' ? states : states[0]!;

const permuted = (states: readonly Tensor[], order: Tensor | null): Tensor[] =>
  states.map((state) => (order === null ? state : state.index_select(1, order)));

/** Returns the shapes of the hidden state, and of an LSTM's cell state. */
function shapesOf(layer: Layer, batch: number): number[][] {
  const { num_layers, hidden_size, proj_size, mode } = layer;
  const rows = num_layers * directionsOf(layer);
  const hidden = [rows, batch, proj_size || hidden_size];
  return mode === 'LSTM' ? [hidden, [rows, batch, hidden_size]] : [hidden];
}

const initialStates = (layer: Layer, { dtype, device }: Tensor, batch: number): Tensor[] =>
  shapesOf(layer, batch).map((shape) => zeros(shape, { dtype, device }));

function checkDims(states: readonly Tensor[], ndim: number): void {
  if (states.every((state) => state.ndim === ndim)) return;
  const input = ndim === 3 ? 'batched 3-D' : 'unbatched 2-D';
  const given = states.map((state) => `${state.ndim}-D`).join(', ');
  const [names, got] =
    states.length === 2 ? ['hx and cx', `(${given}) tensors`] : ['hx', `${given} tensor`];
  throw runtimeError(`For ${input} input, ${names} should also be ${ndim}-D but got ${got}`);
}

/**
 * Checks what torch's `check_forward_args` checks.
 *
 * @param states - null for zeros, whose shapes are right
 */
function checkShapes(
  layer: Layer,
  input: Tensor,
  batch: number,
  states: readonly Tensor[] | null,
  ndim: number,
): void {
  const { dtype } = layer.all_weights[0]![0]!;
  if (input.dtype !== dtype && !isAnyAutocastEnabled()) {
    throw valueError(
      `RNN input dtype (${input.dtype}) does not match weight dtype (${dtype}). ` +
        `Convert input: input.to(${dtype}), or convert model: model.to(${input.dtype})`,
    );
  }
  if (input.ndim !== ndim) {
    throw runtimeError(`input must have ${ndim} dimensions, got ${input.ndim}`);
  }
  if (input.size(-1) !== layer.input_size) {
    const got = `Expected ${layer.input_size}, got ${input.size(-1)}`;
    throw runtimeError(`input.size(-1) must be equal to input_size. ${got}`);
  }
  if (states === null) return;
  for (const [index, expected] of shapesOf(layer, batch).entries()) {
    const { shape } = states[index]!;
    if (shape.length === 3 && shape.every((size, dim) => size === expected[dim])) continue;
    const name = states.length === 2 ? `hidden[${index}]` : 'hidden';
    throw runtimeError(`Expected ${name} size ${tupleRepr(expected)}, got [${shape.join(', ')}]`);
  }
}

const isAnyAutocastEnabled = (): boolean =>
  native.is_autocast_enabled('cpu') || native.is_autocast_enabled('cuda');

// --- the layers -----------------------------------------------------------------------------------------------------

function refuseProjection(args: readonly unknown[]): void {
  const options = args.at(-1);
  if (!isOptions(options) || options['proj_size'] === undefined) return;
  throw valueError('proj_size argument is only supported for LSTM, not RNN or GRU');
}

const RNN_SIGNATURE = new Signature('RNN', {
  ...SIZES,
  ...NUM_LAYERS,
  nonlinearity: optional(STRING, 'tanh'),
  ...COMMON,
  ...FACTORY,
});

/**
 * Computes `h = tanh(weight_ih @ x + bias_ih + weight_hh @ h + bias_hh)` for each step, in one or several layers.
 *
 * Shapes: input (L, N, input_size), (N, L, input_size) with `batch_first`, or (L, input_size); hx (D * num_layers, N,
 * hidden_size) or without N, where D is 2 for a bidirectional layer, else 1; output (L, N, D * hidden_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
 */
export class RNN extends RNNBase {
  static readonly signature = RNN_SIGNATURE.description;
  nonlinearity: 'tanh' | 'relu';

  constructor(
    ...args: Positional<
      [input_size: number, hidden_size: number],
      [
        'num_layers',
        'nonlinearity',
        'bias',
        'batch_first',
        'dropout',
        'bidirectional',
        'device',
        'dtype',
      ],
      RNNOptions
    >
  ) {
    refuseProjection(args);
    const { input_size, hidden_size, nonlinearity, ...options } = RNN_SIGNATURE.read(args);
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu') {
      throw valueError(`Unknown nonlinearity '${nonlinearity}'. Select from 'tanh' or 'relu'.`);
    }
    super(nonlinearity === 'tanh' ? 'RNN_TANH' : 'RNN_RELU', input_size, hidden_size, options);
    this.nonlinearity = nonlinearity;
  }
}

const LSTM_SIGNATURE = new Signature('LSTM', {
  ...SIZES,
  ...NUM_LAYERS,
  ...COMMON,
  ...PROJECTION,
  ...FACTORY,
});

/**
 * A long short-term memory network, of one or several layers. Its state is a pair `[h, c]`.
 *
 * ```ts
 * const [output, [h, c]] = new nn.LSTM(10, 20)(x);
 * ```
 *
 * Shapes: input (L, N, input_size), (N, L, input_size) with `batch_first`, or (L, input_size); h (D * num_layers, N,
 * proj_size or hidden_size) and c (D * num_layers, N, hidden_size), or without N, where D is 2 for a bidirectional
 * layer, else 1; output (L, N, D * (proj_size or hidden_size)).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 */
export class LSTM extends RNNBase<readonly [h: Tensor, c: Tensor]> {
  static readonly signature = LSTM_SIGNATURE.description;

  constructor(
    ...args: Positional<
      [input_size: number, hidden_size: number],
      [
        'num_layers',
        'bias',
        'batch_first',
        'dropout',
        'bidirectional',
        'proj_size',
        'device',
        'dtype',
      ],
      LSTMOptions
    >
  ) {
    const { input_size, hidden_size, ...options } = LSTM_SIGNATURE.read(args);
    super('LSTM', input_size, hidden_size, options);
  }
}

const GRU_SIGNATURE = new Signature('GRU', { ...SIZES, ...NUM_LAYERS, ...COMMON, ...FACTORY });

/**
 * A network of gated recurrent units, of one or several layers.
 *
 * Shapes: input (L, N, input_size), (N, L, input_size) with `batch_first`, or (L, input_size); hx (D * num_layers, N,
 * hidden_size) or without N, where D is 2 for a bidirectional layer, else 1; output (L, N, D * hidden_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
 */
export class GRU extends RNNBase {
  static readonly signature = GRU_SIGNATURE.description;

  constructor(
    ...args: Positional<
      [input_size: number, hidden_size: number],
      ['num_layers', 'bias', 'batch_first', 'dropout', 'bidirectional', 'device', 'dtype'],
      GRUOptions
    >
  ) {
    refuseProjection(args);
    const { input_size, hidden_size, ...options } = GRU_SIGNATURE.read(args);
    super('GRU', input_size, hidden_size, options);
  }
}
