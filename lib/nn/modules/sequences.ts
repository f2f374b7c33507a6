/** Containers of parameters, and recurrent layers: modules that are loaded on first use. */

import type { Tensor } from '../../tensor/tensor';
import { onFirstUse } from '../../utils/on_first_use';
import type { Parameter } from '../parameter';
import type * as containers from './parameter_container';
import type * as recurrent from './rnn';
import type * as cells from './rnn_cell';

export type { ParameterMapping } from './parameter_container';
export type { GRUOptions, InitialState, LSTMOptions, RNNOptions } from './rnn';
export type { CellOptions, RNNCellOptions } from './rnn_cell';

export declare const ParameterDict: typeof containers.ParameterDict;
export type ParameterDict<Value = Parameter> = containers.ParameterDict<Value>;
export declare const ParameterList: typeof containers.ParameterList;
export type ParameterList<Value = Parameter> = containers.ParameterList<Value>;
for (const name of ['ParameterDict', 'ParameterList'] as const) {
  onFirstUse(exports, name, () => require('./parameter_container')[name]);
}

export declare const GRU: typeof recurrent.GRU;
export type GRU = recurrent.GRU;
export declare const LSTM: typeof recurrent.LSTM;
export type LSTM = recurrent.LSTM;
export declare const RNN: typeof recurrent.RNN;
export type RNN = recurrent.RNN;
export declare const RNNBase: typeof recurrent.RNNBase;
export type RNNBase<Hidden = Tensor> = recurrent.RNNBase<Hidden>;
for (const name of ['GRU', 'LSTM', 'RNN', 'RNNBase'] as const) {
  onFirstUse(exports, name, () => require('./rnn')[name]);
}

export declare const GRUCell: typeof cells.GRUCell;
export type GRUCell = cells.GRUCell;
export declare const LSTMCell: typeof cells.LSTMCell;
export type LSTMCell = cells.LSTMCell;
export declare const RNNCell: typeof cells.RNNCell;
export type RNNCell = cells.RNNCell;
export declare const RNNCellBase: typeof cells.RNNCellBase;
export type RNNCellBase<Hidden = Tensor> = cells.RNNCellBase<Hidden>;
for (const name of ['GRUCell', 'LSTMCell', 'RNNCell', 'RNNCellBase'] as const) {
  onFirstUse(exports, name, () => require('./rnn_cell')[name]);
}
