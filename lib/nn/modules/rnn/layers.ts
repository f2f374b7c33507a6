/** Recurrent layers. Source: torch/nn/modules/rnn.py. */
import { valueError } from '../../../bindings/errors';
import { isOptions } from '../../../dispatch/arguments';
import { FACTORY, optional, type Positional, Signature, STRING } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import {
  COMMON,
  type GRUOptions,
  type LSTMOptions,
  NUM_LAYERS,
  PROJECTION,
  RNNBase,
  type RNNOptions,
} from './base';
import { SIZES } from './kinds';

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
