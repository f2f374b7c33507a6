/** Recurrent layers that compute one step. Source: torch/nn/modules/rnn.py. */

import { runtimeError, valueError } from '../../../bindings/errors';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  INT,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  STRING,
  TENSOR,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { boolRepr } from '../../../utils/python';
import * as init from '../../init';
import { empty, op, zeros } from '../../ops';
import { Parameter } from '../../parameter';
import { Module } from '../module';
import { type InitialState, PAIR, SIZES } from './kinds';

type Weights = [w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | null, b_hh: Tensor | null];
type Step<Hidden> = (input: Tensor, hx: Hidden, ...weights: Weights) => Hidden;
type Pair = readonly [h: Tensor, c: Tensor];

export interface CellOptions extends FactoryOptions {
  /** Whether there are biases. Default: true. */
  bias?: boolean | undefined;
}

export interface RNNCellOptions extends CellOptions {
  /** Default: `'tanh'`. */
  nonlinearity?: 'tanh' | 'relu' | undefined;
}

const BIAS = { bias: optional(BOOL, true) };
const BASE = new Signature('RNNCellBase', {
  ...SIZES,
  bias: required(BOOL),
  num_chunks: required(INT),
  ...FACTORY,
});

/** The base of {@link RNNCell}, {@link LSTMCell} and {@link GRUCell}. See `torch.nn.modules.rnn.RNNCellBase`. */
export abstract class RNNCellBase<Hidden = Tensor> extends Module<
  [input: Tensor, hx?: InitialState<Hidden>],
  Hidden
> {
  input_size: number;
  hidden_size: number;
  bias: boolean;
  /** Shape (num_chunks * hidden_size, input_size). */
  declare weight_ih: Parameter;
  /** Shape (num_chunks * hidden_size, hidden_size). */
  declare weight_hh: Parameter;
  /** Shape (num_chunks * hidden_size). */
  declare bias_ih: Parameter | null;
  /** Shape (num_chunks * hidden_size). */
  declare bias_hh: Parameter | null;

  /** @param num_chunks - the number of gates */
  constructor(
    input_size: number,
    hidden_size: number,
    bias: boolean,
    num_chunks: number,
    options?: FactoryOptions,
  );
  constructor(...args: unknown[]) {
    const { input_size, hidden_size, bias, num_chunks, ...factory } = BASE.read(args);
    super();
    this.input_size = input_size;
    this.hidden_size = hidden_size;
    this.bias = bias;
    const rows = num_chunks * hidden_size;
    const make = (...shape: number[]): Parameter => new Parameter(empty(shape, factory));
    this.register_parameter('weight_ih', make(rows, input_size));
    this.register_parameter('weight_hh', make(rows, hidden_size));
    this.register_parameter('bias_ih', bias ? make(rows) : null);
    this.register_parameter('bias_hh', bias ? make(rows) : null);
    this.reset_parameters();
  }

  /** Initializes all weights again, from the uniform distribution on ±1 / sqrt(hidden_size). */
  reset_parameters(): void {
    const bound = this.hidden_size > 0 ? 1 / Math.sqrt(this.hidden_size) : 0;
    for (const weight of this.parameters()) init.uniform_(weight, -bound, bound);
  }

  override extra_repr(): string {
    const sizes = `${this.input_size}, ${this.hidden_size}`;
    return this.bias ? sizes : `${sizes}, bias=${boolRepr(this.bias)}`;
  }
}

type Cell = Pick<RNNCellBase, 'hidden_size' | 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh'>;

/**
 * Computes a step of a cell with one state or two.
 *
 * @param step - the operator. It gets input and states with a batch dimension
 */
function forward(
  cell: Cell,
  name: string,
  input: Tensor,
  hx: readonly Tensor[] | null,
  step: (input: Tensor, states: Tensor[], ...weights: Weights) => Tensor[],
): Tensor[] {
  checkDim(name, 'input', input);
  for (const [index, state] of (hx ?? []).entries()) {
    checkDim(name, hx!.length === 2 ? `hx[${index}]` : 'hidden', state);
  }
  const isBatched = input.ndim === 2;
  const batched = (tensor: Tensor): Tensor => (isBatched ? tensor : tensor.unsqueeze(0));
  const batch = batched(input);
  const { dtype, device } = batch;
  const states = hx?.map(batched) ?? [zeros([batch.size(0), cell.hidden_size], { dtype, device })];
  const { weight_ih, weight_hh, bias_ih, bias_hh } = cell;
  const results = step(batch, states, weight_ih, weight_hh, bias_ih, bias_hh);
  return isBatched ? results : results.map((result) => result.squeeze(0));
}

function checkDim(cell: string, name: string, { ndim }: Tensor): void {
  if (ndim === 1 || ndim === 2) return;
  throw valueError(`${cell}: Expected ${name} to be 1D or 2D, got ${ndim}D instead`);
}

const ONE_STATE = {
  input: required(TENSOR),
  hx: nullable(TENSOR),
};

// --- the cells ------------------------------------------------------------------------------------------------------

const RNN_CELL = new Signature('RNNCell', {
  ...SIZES,
  ...BIAS,
  nonlinearity: optional(STRING, 'tanh'),
  ...FACTORY,
});
const RNN_FORWARD = new Signature('RNNCell.forward', ONE_STATE);
const tanhCell = op<Step<Tensor>>('rnn_tanh_cell');
const reluCell = op<Step<Tensor>>('rnn_relu_cell');

/**
 * Computes `tanh(weight_ih @ x + bias_ih + weight_hh @ h + bias_hh)`.
 *
 * Shapes: input (N, input_size) or (input_size); hx and output (N, hidden_size) or (hidden_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 */
export class RNNCell extends RNNCellBase {
  static readonly signature = RNN_CELL.description;
  nonlinearity: 'tanh' | 'relu';

  constructor(
    ...args: Positional<
      [input_size: number, hidden_size: number],
      ['bias', 'nonlinearity', 'device', 'dtype'],
      RNNCellOptions
    >
  ) {
    const { input_size, hidden_size, bias, nonlinearity, ...factory } = RNN_CELL.read(args);
    super(input_size, hidden_size, bias, 1, factory);
    this.nonlinearity = nonlinearity as 'tanh' | 'relu';
  }

  /** @throws TorchError (RuntimeError) for an unknown nonlinearity */
  override forward(input: Tensor, hx?: InitialState<Tensor>): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { input, hx } = RNN_FORWARD.read(args);
    const { nonlinearity } = this;
    const [result] = forward(this, 'RNNCell', input, hx && [hx], (batch, [state], ...weights) => {
      if (nonlinearity === 'tanh') return [tanhCell(batch, state!, ...weights)];
      if (nonlinearity === 'relu') return [reluCell(batch, state!, ...weights)];
      throw runtimeError(`Unknown nonlinearity: ${nonlinearity}`);
    });
    return result!;
  }

  override extra_repr(): string {
    const { nonlinearity } = this;
    const parts = super.extra_repr();
    return nonlinearity === 'tanh' ? parts : `${parts}, nonlinearity=${nonlinearity}`;
  }
}

const LSTM_CELL = new Signature('LSTMCell', { ...SIZES, ...BIAS, ...FACTORY });
const LSTM_FORWARD = new Signature('LSTMCell.forward', {
  input: required(TENSOR),
  hx: nullable(PAIR),
});
const lstmCell = op<Step<readonly Tensor[]>>('lstm_cell');

/**
 * A cell of long short-term memory. Its state is a pair `[h, c]`.
 *
 * Shapes: input (N, input_size) or (input_size); h and c (N, hidden_size) or (hidden_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 */
export class LSTMCell extends RNNCellBase<Pair> {
  static readonly signature = LSTM_CELL.description;

  constructor(
    ...args: Positional<
      [input_size: number, hidden_size: number],
      ['bias', 'device', 'dtype'],
      CellOptions
    >
  ) {
    const { input_size, hidden_size, bias, ...factory } = LSTM_CELL.read(args);
    super(input_size, hidden_size, bias, 4, factory);
  }

  override forward(input: Tensor, hx?: InitialState<Pair>): Pair;
  override forward(...args: unknown[]): Pair {
    const { input, hx } = LSTM_FORWARD.read(args);
    return forward(this, 'LSTMCell', input, hx, (batch, [h, c = h], ...weights) => [
      ...lstmCell(batch, [h!, c!], ...weights),
    ]) as unknown as Pair;
  }
}

const GRU_CELL = new Signature('GRUCell', { ...SIZES, ...BIAS, ...FACTORY });
const GRU_FORWARD = new Signature('GRUCell.forward', ONE_STATE);
const gruCell = op<Step<Tensor>>('gru_cell');

/**
 * A gated recurrent unit.
 *
 * Shapes: input (N, input_size) or (input_size); hx and output (N, hidden_size) or (hidden_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 */
export class GRUCell extends RNNCellBase {
  static readonly signature = GRU_CELL.description;

  constructor(
    ...args: Positional<
      [input_size: number, hidden_size: number],
      ['bias', 'device', 'dtype'],
      CellOptions
    >
  ) {
    const { input_size, hidden_size, bias, ...factory } = GRU_CELL.read(args);
    super(input_size, hidden_size, bias, 3, factory);
  }

  override forward(input: Tensor, hx?: InitialState<Tensor>): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { input, hx } = GRU_FORWARD.read(args);
    const [result] = forward(this, 'GRUCell', input, hx && [hx], (batch, [state], ...weights) => [
      gruCell(batch, state!, ...weights),
    ]);
    return result!;
  }
}
