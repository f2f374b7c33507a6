/** Projections of queries, keys and values. Source: torch/nn/functional.py. */
import { assertionError } from '../../../bindings/errors';
import type { Tensor } from '../../../tensor/tensor';
import { tupleRepr } from '../../../utils/python';
import { sizeText } from '../../typename';
import { linear } from '../linear';
import { type Attention, isShape, type Triple } from './parameters';

/** Returns the projected queries, keys and values. */
export function projectionsOf(given: Attention, query: Tensor, key: Tensor, value: Tensor): Triple {
  if (!given.use_separate_proj_weight) {
    if (!isShape(key, value.shape)) {
      throw assertionError(
        `key shape ${sizeText(key.shape)} does not match value shape ${sizeText(value.shape)}`,
      );
    }
    const { in_proj_weight, in_proj_bias } = given;
    if (in_proj_weight === null) {
      throw assertionError('use_separate_proj_weight is False but in_proj_weight is None');
    }
    return packedProjection(query, key, value, in_proj_weight, in_proj_bias);
  }
  const [keys, values] = [key.shape.slice(0, 2), value.shape.slice(0, 2)];
  if (String(keys) !== String(values)) {
    throw assertionError(
      `key's sequence and batch dims ${sizeText(keys)} do not match value's ${sizeText(values)}`,
    );
  }
  const biases = given.in_proj_bias?.chunk(3) ?? [null, null, null];
  const width = query.size(-1);
  const names = ['query', 'key', 'value'] as const;
  const weights = names.map((name) => {
    const weight = given[`${name[0] as 'q' | 'k' | 'v'}_proj_weight`];
    if (weight !== null) return weight;
    throw assertionError(`use_separate_proj_weight is True but ${name[0]}_proj_weight is None`);
  });
  const inputs = [query, key, value];
  for (const [index, name] of names.entries()) {
    checkProjection(name, 'weights', weights[index]!, [width, inputs[index]!.size(-1)]);
  }
  for (const [index, name] of names.entries()) {
    const bias = biases[index];
    if (bias) checkProjection(name, 'bias', bias, [width]);
  }
  return inputs.map((input, index) => linear(input, weights[index]!, biases[index]!)) as Triple;
}

function checkProjection(name: string, noun: string, tensor: Tensor, expected: number[]): void {
  if (isShape(tensor, expected)) return;
  throw assertionError(
    `expecting ${name} ${noun} shape of ${tupleRepr(expected)}, but got ${sizeText(tensor.shape)}`,
  );
}

/** Projects with one packed weight. As in Python, equal inputs are projected at once. */
function packedProjection(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weight: Tensor,
  bias: Tensor | null,
): Triple {
  const width = query.size(-1);
  if (key !== value) {
    const weights = weight.chunk(3);
    const biases = bias?.chunk(3) ?? [null, null, null];
    const inputs = [query, key, value];
    return inputs.map((input, index) => linear(input, weights[index]!, biases[index]!)) as Triple;
  }
  if (query === key) return unpacked(linear(query, weight, bias), 3, width) as Triple;
  const sizes = [width, width * 2];
  const [ofQuery, ofRest] = weight.split(sizes) as [Tensor, Tensor];
  const [queryBias, restBias] = (bias?.split(sizes) ?? [null, null]) as [Tensor, Tensor];
  const projected = linear(query, ofQuery, queryBias);
  return [projected, ...unpacked(linear(key, ofRest, restBias), 2, width)] as Triple;
}

/** Splits the last dimension into parts of the same width. */
function unpacked(packed: Tensor, count: number, width: number): Tensor[] {
  const parts = packed
    .unflatten(-1, [count, width])
    .unsqueeze(0)
    .transpose(0, -2)
    .squeeze(-2)
    .contiguous();
  return Array.from({ length: count }, (_, index) => parts.select(0, index));
}
