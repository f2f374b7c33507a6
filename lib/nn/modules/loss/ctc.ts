/** The CTC loss: sequences without an alignment. Source: torch/nn/modules/loss.py. */
import type { Tensor } from '../../../tensor/tensor';
import { type CTCLossOptions, ctc_loss } from '../../functional/loss/classification';
import type { Lengths } from '../../functional/loss/types';
import { lossClass } from './base';

/**
 * Computes the connectionist temporal classification loss: the negative log likelihood of all alignments between a
 * sequence and its labels. `'mean'` first divides each loss by the length of its target.
 *
 * $$\ell = -\log \sum_{\pi} \prod_{t} p_t(\pi_t)$$
 *
 * A path $\pi$ has one label or blank for each step. The sum covers every path that becomes the target when repeated
 * labels are merged and blanks are dropped. $p_t$ are the probabilities at step $t$. If no path gives the target, the
 * loss is infinite, or 0 with `zero_infinity`.
 *
 * Shapes: log_probs (T, N, C) or (T, C); targets (N, S), or concatenated (sum of target_lengths); input_lengths and
 * target_lengths (N) or (), both tensors or both arrays; output a scalar, or (N) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.CTCLoss(); // class 0 is the blank
 * const logits = torch.zeros(4, 1, 3, { requires_grad: true }); // 4 steps, 1 sequence, 3 classes
 * const targets = torch.tensor([[1, 2]]);
 * const loss = criterion(logits.log_softmax(2), targets, [4], [2]);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.8432, grad_fn=<MeanBackward0>)
 * console.log(logits.grad?.index(0));
 * // tensor([[ 0.0000, -0.1667,  0.1667]])
 * ```
 */
export class CTCLoss extends lossClass<
  [log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths],
  CTCLossOptions
>('CTCLoss', ctc_loss, ['blank', 'reduction', 'zero_infinity']) {
  override forward(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
  ): Tensor {
    return ctc_loss.with(this, log_probs, targets, input_lengths, target_lengths);
  }
}
