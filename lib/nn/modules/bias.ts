/** Initializes the biases of layers. */
import type { Tensor } from '../../tensor/tensor';
import * as init from '../init';

/** Fills a bias from the uniform distribution on ±1 / sqrt(the number of inputs of each output). */
export function fillBias(bias: Tensor, weight: Tensor): void {
  const [inputs] = init._calculate_fan_in_and_fan_out(weight);
  const bound = inputs > 0 ? 1 / Math.sqrt(inputs) : 0;
  init.uniform_(bias, 0 - bound, bound); // -0 would give zeros of another sign
}
