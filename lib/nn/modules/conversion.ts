/** Moves and converts the parameters and buffers of a module. Source: `Module.to` and `Module._apply` in torch. */

import { notImplementedError, typeError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import {
  ANYTHING,
  BOOL,
  DEVICE,
  DTYPE,
  nullable,
  option,
  optional,
  Signature,
} from '../../dispatch/signature';
import type { DeviceLike } from '../../tensor/device';
import { DType } from '../../tensor/dtype';
import type { MemoryFormat } from '../../tensor/layout';
import { Tensor } from '../../tensor/tensor';
import { hasCompatibleShallowCopyType, to, withoutGrad } from '../ops';
import { Parameter } from '../parameter';

export interface ToOptions {
  device?: DeviceLike | null | undefined;
  /** A floating-point or complex dtype. Integer parameters and buffers keep their dtype. */
  dtype?: DType | null | undefined;
  non_blocking?: boolean | undefined;
  memory_format?: MemoryFormat | null | undefined;
}

/** Returns a converted tensor, or the tensor itself if nothing changes. */
export type Converter = (tensor: Tensor) => Tensor;

const TO = new Signature('Module.to', {
  device: nullable(DEVICE),
  dtype: nullable(DTYPE),
  non_blocking: optional(BOOL, false),
  memory_format: option(ANYTHING, null),
});

/**
 * Returns the conversion that the arguments of `Module.to` ask for: (device, dtype), (dtype) or (tensor), then
 * non_blocking.
 */
export function converterOf(args: readonly unknown[]): Converter {
  const [first, ...rest] = args;
  let given: readonly unknown[] = args;
  if (first instanceof Tensor) given = [first.device, first.dtype, ...rest];
  else if (first instanceof DType) given = [null, first, ...rest];
  const { device, dtype, non_blocking, memory_format } = TO.read(given);
  if (dtype && !dtype.is_floating_point && !dtype.is_complex) {
    throw typeError(
      `nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${dtype}`,
    );
  }
  if (dtype?.is_complex) warn(COMPLEX);
  return (tensor) => {
    const { is_floating_point, is_complex } = tensor.dtype;
    const hasPlanes = tensor.ndim === 4 || tensor.ndim === 5;
    const conversion = {
      device,
      non_blocking,
      dtype: is_floating_point || is_complex ? dtype : null,
      memory_format: hasPlanes ? (memory_format as MemoryFormat | null) : null,
    };
    try {
      return to(tensor, conversion);
    } catch (error) {
      throw withMetaAdvice(error as Error);
    }
  };
}

const NO_DATA = 'Cannot copy out of meta tensor; no data!';

/** Adds a hint to libtorch's error about a meta tensor without elements: use `to_empty`. */
function withMetaAdvice(error: Error): Error {
  if (error.message !== NO_DATA) return error;
  return notImplementedError(
    `${NO_DATA} Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() when moving module from meta ` +
      'to a different device.',
  );
}

const COMPLEX =
  'Complex modules are a new feature under active development whose design may change, and some modules might not ' +
  'work as expected when using complex tensors as parameters or buffers. Please file an issue at ' +
  'https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a complex module does not work as expected.';

/** Converts a parameter and its gradient in place. Returns a new parameter only if that is impossible. */
export function convertParameter(parameter: Parameter, convert: Converter): Parameter {
  const gradient = parameter.grad;
  const converted = withoutGrad(() => convert(parameter));
  let result = parameter;
  if (hasCompatibleShallowCopyType(parameter, converted)) parameter.data = converted;
  else result = new Parameter(converted, parameter.requires_grad);
  if (!gradient) return result;
  const convertedGradient = withoutGrad(() => convert(gradient));
  if (hasCompatibleShallowCopyType(gradient, convertedGradient)) gradient.data = convertedGradient;
  else result.grad = convertedGradient.requires_grad_(gradient.requires_grad);
  return result;
}
