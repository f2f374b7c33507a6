/** Containers of parameters, recurrent layers, attention and Transformers: modules that are loaded on first use. */

import type { Tensor } from '../../tensor/tensor';
import { namesOnFirstUse } from '../../utils/on_first_use';
import type { Parameter } from '../parameter';
import type * as attention from './attention';
import type * as containers from './parameter_container';
import type * as recurrent from './rnn';
import type * as cells from './rnn_cell';
import type * as transformers from './transformer';
import type * as layers from './transformer_layer';

export type { AttentionOptions, MultiheadAttentionOptions } from './attention';
export type { ParameterMapping } from './parameter_container';
export type { GRUOptions, InitialState, LSTMOptions, RNNOptions } from './rnn';
export type { CellOptions, RNNCellOptions } from './rnn_cell';
export type {
  EncoderOptions,
  TransformerEncoderOptions,
  TransformerMasks,
  TransformerOptions,
} from './transformer';
export type {
  Activation,
  DecoderOptions,
  EncoderLayerOptions,
  LayerOptions,
} from './transformer_layer';

export declare const ParameterDict: typeof containers.ParameterDict;
export type ParameterDict<Value = Parameter> = containers.ParameterDict<Value>;
export declare const ParameterList: typeof containers.ParameterList;
export type ParameterList<Value = Parameter> = containers.ParameterList<Value>;

export declare const GRU: typeof recurrent.GRU;
export type GRU = recurrent.GRU;
export declare const LSTM: typeof recurrent.LSTM;
export type LSTM = recurrent.LSTM;
export declare const RNN: typeof recurrent.RNN;
export type RNN = recurrent.RNN;
export declare const RNNBase: typeof recurrent.RNNBase;
export type RNNBase<Hidden = Tensor> = recurrent.RNNBase<Hidden>;

export declare const GRUCell: typeof cells.GRUCell;
export type GRUCell = cells.GRUCell;
export declare const LSTMCell: typeof cells.LSTMCell;
export type LSTMCell = cells.LSTMCell;
export declare const RNNCell: typeof cells.RNNCell;
export type RNNCell = cells.RNNCell;
export declare const RNNCellBase: typeof cells.RNNCellBase;
export type RNNCellBase<Hidden = Tensor> = cells.RNNCellBase<Hidden>;

export declare const MultiheadAttention: typeof attention.MultiheadAttention;
export type MultiheadAttention = attention.MultiheadAttention;

export declare const Transformer: typeof transformers.Transformer;
export type Transformer = transformers.Transformer;
export declare const TransformerDecoder: typeof transformers.TransformerDecoder;
export type TransformerDecoder = transformers.TransformerDecoder;
export declare const TransformerEncoder: typeof transformers.TransformerEncoder;
export type TransformerEncoder = transformers.TransformerEncoder;

export declare const TransformerDecoderLayer: typeof layers.TransformerDecoderLayer;
export type TransformerDecoderLayer = layers.TransformerDecoderLayer;
export declare const TransformerEncoderLayer: typeof layers.TransformerEncoderLayer;
export type TransformerEncoderLayer = layers.TransformerEncoderLayer;

namesOnFirstUse(exports, [
  [() => require('./attention'), 'MultiheadAttention'],
  [() => require('./parameter_container'), 'ParameterDict ParameterList'],
  [() => require('./rnn'), 'GRU LSTM RNN RNNBase'],
  [() => require('./rnn_cell'), 'GRUCell LSTMCell RNNCell RNNCellBase'],
  [() => require('./transformer'), 'Transformer TransformerDecoder TransformerEncoder'],
  [() => require('./transformer_layer'), 'TransformerDecoderLayer TransformerEncoderLayer'],
]);
