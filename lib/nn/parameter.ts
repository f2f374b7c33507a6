/** Parameters: tensors that a module learns. */

import { handleOf, tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import { bind, type Callee, fail } from '../dispatch/arguments';
import { formatTensor } from '../tensor/printing';
import { Tensor } from '../tensor/tensor';
import { empty } from './ops';

const CALLEE: Callee = {
  name: 'Parameter',
  parameters: [{ name: 'data' }, { name: 'requires_grad' }],
};

/**
 * A tensor that a {@link Module} lists among its parameters when it is one of its properties.
 *
 * It shares the elements of `data`, is a leaf, and remains the same object when the module is converted or moved.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 */
export class Parameter extends Tensor {
  /** Exists only in the types, so that a plain tensor does not compile in place of a parameter. */
  declare private readonly isParameter: true;

  /**
   * @param data - the elements. Default: null, no elements
   * @param requires_grad - whether the parameter gets gradients. Default: true
   */
  constructor(data?: Tensor | null, requires_grad?: boolean | { requires_grad?: boolean });
  constructor(...args: unknown[]) {
    const [data, requires_grad = true] = bind(CALLEE, args);
    const handle = tensorHandle(data ?? empty([0]), CALLEE, 'data');
    if (typeof requires_grad !== 'boolean') {
      throw fail(CALLEE, "argument 'requires_grad' must be a boolean");
    }
    super(native.parameter(handle, requires_grad));
  }

  /** Returns Python's `repr`. */
  override toString(): string {
    const handle = handleOf(this);
    return handle ? formatTensor(handle, true) : super.toString();
  }
}

/** Clears the gradient of one parameter, for modules and optimizers. */
export function zeroGrad(parameter: Tensor, setToNone: boolean): void {
  const gradient = parameter.grad;
  if (!gradient) return;
  if (setToNone) {
    parameter.grad = null;
    return;
  }
  if (gradient.is_leaf) gradient.requires_grad_(false);
  else gradient.detach_();
  gradient.zero_();
}
