/** The kinds of recurrent layers, and what all of them share. */
import { INT, required, TENSOR, typeOf } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { op } from '../../ops';

export type Mode = 'RNN_TANH' | 'RNN_RELU' | 'LSTM' | 'GRU';
export type States = Tensor | readonly Tensor[];
export type Settings = [
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

export const KINDS: Readonly<Record<Mode, Kind>> = {
  RNN_RELU: kind('RNN', 'rnn_relu', 1, 0),
  RNN_TANH: kind('RNN', 'rnn_tanh', 1, 1),
  LSTM: kind('LSTM', 'lstm', 4, 2),
  GRU: kind('GRU', 'gru', 3, 3),
};

/** A recurrent layer, as its forward pass reads it. */
export interface Layer {
  mode: Mode;
  input_size: number;
  hidden_size: number;
  num_layers: number;
  bias: boolean;
  batch_first: boolean;
  dropout: number;
  bidirectional: boolean;
  proj_size: number;
  training: boolean;
  /** The weights of each layer and direction. */
  readonly all_weights: readonly (readonly Tensor[])[];
}

/** The parameters that all layers and cells begin with. */
export const SIZES = { input_size: required(INT), hidden_size: required(INT) };

/** A state that can be left out, or given by name. */
export type InitialState<Hidden> = Hidden | null | { hx?: Hidden | null | undefined };

/** The two states of an LSTM. */
export const PAIR = typeOf<readonly [Tensor, Tensor]>(
  'an array of two Tensors',
  (value) => Array.isArray(value) && value.length === 2 && value.every(TENSOR.accepts),
);
