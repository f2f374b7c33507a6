/** Computes all steps of a recurrent layer. Source: torch/nn/modules/rnn.py. */
import { runtimeError, valueError } from '../../../bindings/errors';
import { native } from '../../../bindings/native';
import type { Tensor } from '../../../tensor/tensor';
import { tupleRepr } from '../../../utils/python';
import { zeros } from '../../ops';
import { PackedSequence } from '../../utils/rnn';
import { KINDS, type Layer, type Settings, type States } from './kinds';

type Computed<Output> = [output: Output, hidden: Tensor[]];

export function packedForward(
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

export function paddedForward(
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
  const { num_layers, hidden_size, proj_size, mode, bidirectional } = layer;
  const rows = num_layers * (bidirectional ? 2 : 1);
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
