/** Padding. Source: torch/nn/functional.py. */
import type { Positional } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

/** What the new elements are: a constant, a mirror image without the border, the border, or the other side. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

export interface PadOptions {
  /** Default: `'constant'`. */
  mode?: PadMode | undefined;
  /** The constant. Default: null, 0. */
  value?: number | null | undefined;
}

/**
 * Adds elements at both ends of dimensions, or removes them where a number is negative. `pad` has the numbers of new
 * elements before and after each dimension: those of the last dimension, then those of the one before it, and so on.
 *
 * Shapes: input (*); output as input, with each padded dimension larger by its two numbers.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 */
export const pad = op<
  (
    ...args: Positional<
      [input: Tensor, pad: readonly number[]],
      [mode: 'mode', value: 'value'],
      PadOptions
    >
  ) => Tensor
>('pad', [''], { inputName: 'input' });
