/** Parameters as one vector. Source: torch/nn/utils/convert_parameters.py. */
import { typeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { describe } from '../../dispatch/arguments';
import { ANYTHING, required, Signature, TENSOR, type Type } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

const PARAMETERS = { parameters: required(ANYTHING as Type<Iterable<Tensor>>) };
const SIGNATURES = {
  parameters_to_vector: new Signature('parameters_to_vector', PARAMETERS),
  vector_to_parameters: new Signature('vector_to_parameters', {
    vec: required(TENSOR),
    ...PARAMETERS,
  }),
};
const cat = op<(tensors: readonly Tensor[]) => Tensor>('cat');

/**
 * Returns all elements of several tensors in one dimension.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
 *
 * @throws TypeError unless all are on the same device
 */
export function parameters_to_vector(parameters: Iterable<Tensor>): Tensor;
export function parameters_to_vector(...args: unknown[]): Tensor {
  const { parameters } = SIGNATURES.parameters_to_vector.read(args);
  return cat(listOf('parameters_to_vector', parameters).map((parameter) => parameter.view(-1)));
}

/**
 * Gives parameters the elements of a vector. They then share memory with it.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html
 *
 * @throws TypeError unless all parameters are on the same device
 */
export function vector_to_parameters(vec: Tensor, parameters: Iterable<Tensor>): void;
export function vector_to_parameters(...args: unknown[]): void {
  const { vec, parameters } = SIGNATURES.vector_to_parameters.read(args);
  let start = 0;
  for (const parameter of listOf('vector_to_parameters', parameters)) {
    const count = parameter.numel();
    const end = Math.min(start + count, vec.size(0));
    const part = vec.narrow(0, Math.min(start, end), Math.max(end - start, 0));
    parameter.data = part.view_as(parameter).data;
    start += count;
  }
}

function listOf(name: string, parameters: unknown): Tensor[] {
  if (typeof (parameters as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
    throw typeError(
      `${name}(): argument 'parameters' must be an iterable of Tensors, got ${describe(parameters)}`,
    );
  }
  const list = [...(parameters as Iterable<Tensor>)];
  for (const parameter of list) {
    if (isTensor(parameter) && TENSOR.accepts(parameter)) continue;
    throw typeError(`${name}(): each parameter must be a Tensor, got ${describe(parameter)}`);
  }
  const places = new Set(
    list.map(({ device }) => (device.type === 'cuda' ? String(device) : 'cpu')),
  );
  if (places.size <= 1) return list;
  throw typeError('Found two parameters on different devices, this is currently not supported.');
}
