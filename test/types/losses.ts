/** Losses: classes and functions, their options, and custom losses. */
import torch, { nn, type Tensor } from 'torch-losses';

declare const x: Tensor;
declare const y: Tensor;
const F = nn.functional;

// --- classes --------------------------------------------------------------------------------------------------------

const criterion = new nn.CrossEntropyLoss({ label_smoothing: 0.1, ignore_index: 0, weight: x });
export const loss: Tensor = criterion(x, y);
export const forwarded: Tensor = criterion.forward(x, y);
loss.backward();
criterion.reduction = 'sum';
criterion.weight = null;
export const moved: nn.CrossEntropyLoss = criterion.to('cpu', torch.float64);
// @ts-expect-error neither is a tensor
criterion('nonsense', 1);
// @ts-expect-error the target is missing
criterion(x);
// @ts-expect-error no third argument
criterion(x, y, x);
// @ts-expect-error a loss is a tensor
export const wrong: number = criterion(x, y);
// @ts-expect-error no such option
new nn.CrossEntropyLoss({ label_smooting: 0.1 });
// @ts-expect-error options go by name
new nn.CrossEntropyLoss(x);
// @ts-expect-error no such reduction
new nn.MSELoss({ reduction: 'average' });
// @ts-expect-error only KLDivLoss has it
new nn.MSELoss({ reduction: 'batchmean' });
new nn.KLDivLoss({ reduction: 'batchmean', log_target: true });
// @ts-expect-error a number
new nn.HuberLoss({ delta: '1' });
// @ts-expect-error a boolean
new nn.CTCLoss({ zero_infinity: 1 });

new nn.CTCLoss({ blank: 1 })(x, y, [3, 3], [2, 2]);
new nn.CTCLoss()(x, y, x, y);
// @ts-expect-error the lengths are missing
new nn.CTCLoss()(x, y);
new nn.TripletMarginLoss({ margin: 1, p: 1.5, swap: true })(x, y, x);
// @ts-expect-error the negative is missing
new nn.TripletMarginLoss()(x, y);
new nn.TripletMarginWithDistanceLoss({ distance_function: (a, b) => a.sub(b).norm() });
new nn.TripletMarginWithDistanceLoss({ distance_function: new nn.PairwiseDistance() });
// @ts-expect-error a distance is a tensor
new nn.TripletMarginWithDistanceLoss({ distance_function: () => 1 });
new nn.CosineEmbeddingLoss({ margin: 0.5 })(x, y, x);
new nn.GaussianNLLLoss({ full: true })(x, y, x);
new nn.GaussianNLLLoss()(x, y, 1);
// @ts-expect-error the variance is missing
new nn.GaussianNLLLoss()(x, y);
export const linear: nn.Linear = new nn.LinearCrossEntropyLoss(5, 4, { bias: true }).linear;
// @ts-expect-error in_features and num_classes are missing
new nn.LinearCrossEntropyLoss({ bias: true });

// --- functions ------------------------------------------------------------------------------------------------------

export const functional: Tensor = F.cross_entropy(x, y, { weight: null, reduction: 'none' });
F.mse_loss(x, y, { weight: x });
F.kl_div(x, y, { reduction: 'batchmean' });
F.gaussian_nll_loss(x, y, 0.5, { eps: 1e-5 });
F.ctc_loss(x, y, [3], [2], { blank: 1 });
F.mse_loss(x, y, { reduction: undefined });
// @ts-expect-error options go by name
F.cross_entropy(x, y, x);
// @ts-expect-error no such option
F.cross_entropy(x, y, { ignore: 0 });
// @ts-expect-error the target is missing
F.mse_loss(x);
// @ts-expect-error mse_loss has no such reduction
F.mse_loss(x, y, { reduction: 'batchmean' });

// --- users' own -----------------------------------------------------------------------------------------------------

class Charbonnier extends nn._Loss {
  eps = 1e-3;

  override forward(input: Tensor, target: Tensor): Tensor {
    return input.sub(target).square().add(this.eps).sqrt().mean();
  }
}
export const own: Tensor = new Charbonnier()(x, y);
new Charbonnier({ reduction: 'sum' });
// @ts-expect-error the target is missing
new Charbonnier()(x);
