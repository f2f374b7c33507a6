/** Linear functions. Source: torch/nn/functional.py. */
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

/**
 * Returns `input @ weight.T + bias`.
 *
 * Shapes: input (*, in_features), weight (out_features, in_features) or (in_features), bias (out_features) or ();
 * output (*, out_features) or (*).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 */
export const linear =
  op<(input: Tensor, weight: Tensor, bias?: Tensor | null | { bias?: Tensor | null }) => Tensor>(
    'linear',
  );

/**
 * Returns `input1 @ weight[k] @ input2 + bias[k]` for each output k.
 *
 * Shapes: input1 (N, *, in1), input2 (N, *, in2), weight (out, in1, in2), bias (out); output (N, *, out).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 */
export const bilinear =
  op<
    (
      input1: Tensor,
      input2: Tensor,
      weight: Tensor,
      bias?: Tensor | null | { bias?: Tensor | null },
    ) => Tensor
  >('bilinear');
