// Each loss of torch.nn in its classic use, as in PyTorch's documentation.
import torch, { nn, type Tensor } from 'torch-losses';

/** A loss, and the input whose gradient is shown. */
export interface Sample {
  loss: Tensor;
  input: Tensor;
}

const long = { dtype: torch.long };
const withGradient = { requires_grad: true };

/** Returns a target of -1 and 1, drawn with equal probability. */
function signs(...shape: number[]): Tensor {
  return torch.empty(shape).bernoulli_().mul_(2).sub_(1);
}

export const samples: Record<string, () => Sample> = {
  // Regression: how far the input is from the target.
  L1Loss() {
    const criterion = new nn.L1Loss();
    const input = torch.randn(3, 5, withGradient);
    const target = torch.randn(3, 5);
    return { loss: criterion(input, target), input };
  },
  MSELoss() {
    const criterion = new nn.MSELoss();
    const input = torch.randn(3, 5, withGradient);
    const target = torch.randn(3, 5);
    return { loss: criterion(input, target), input };
  },
  SmoothL1Loss() {
    const criterion = new nn.SmoothL1Loss();
    const input = torch.randn(3, 5, withGradient);
    const target = torch.randn(3, 5);
    return { loss: criterion(input, target), input };
  },
  HuberLoss() {
    const criterion = new nn.HuberLoss({ delta: 0.5 });
    const input = torch.randn(3, 5, withGradient);
    const target = torch.randn(3, 5);
    return { loss: criterion(input, target), input };
  },
  PoissonNLLLoss() {
    const criterion = new nn.PoissonNLLLoss();
    const input = torch.randn(5, 2, withGradient); // the logarithm of the expected counts
    const target = torch.randn(5, 2);
    return { loss: criterion(input, target), input };
  },
  GaussianNLLLoss() {
    const criterion = new nn.GaussianNLLLoss();
    const input = torch.randn(5, 2, withGradient);
    const target = torch.randn(5, 2);
    const variance = torch.ones(5, 2, withGradient);
    return { loss: criterion(input, target, variance), input };
  },

  // Classification: one class each.
  CrossEntropyLoss() {
    const criterion = new nn.CrossEntropyLoss();
    const input = torch.randn(3, 5, withGradient);
    const target = torch.empty(3, long).random_(5);
    return { loss: criterion(input, target), input };
  },
  'CrossEntropyLoss (probabilities)'() {
    const criterion = new nn.CrossEntropyLoss();
    const input = torch.randn(3, 5, withGradient);
    const target = torch.randn(3, 5).softmax(1);
    return { loss: criterion(input, target), input };
  },
  LinearCrossEntropyLoss() {
    const criterion = new nn.LinearCrossEntropyLoss(16, 5); // a linear layer and its cross entropy in one
    const input = torch.randn(3, 16, withGradient);
    const target = torch.empty(3, long).random_(5);
    return { loss: criterion(input, target), input };
  },
  NLLLoss() {
    const criterion = new nn.NLLLoss();
    const input = torch.randn(3, 5, withGradient);
    const target = torch.tensor([1, 0, 4]);
    return { loss: criterion(input.log_softmax(1), target), input };
  },
  MultiMarginLoss() {
    const criterion = new nn.MultiMarginLoss();
    const input = torch.tensor([[0.1, 0.2, 0.4, 0.8]], withGradient);
    const target = torch.tensor([3]);
    return { loss: criterion(input, target), input };
  },
  KLDivLoss() {
    const criterion = new nn.KLDivLoss({ reduction: 'batchmean' });
    const input = torch.randn(3, 5, withGradient);
    const target = torch.rand(3, 5).softmax(1);
    return { loss: criterion(input.log_softmax(1), target), input };
  },

  // Classification: yes or no, of one class or of several.
  BCELoss() {
    const criterion = new nn.BCELoss();
    const input = torch.randn(3, 2, withGradient);
    const target = torch.rand(3, 2);
    return { loss: criterion(input.sigmoid(), target), input };
  },
  BCEWithLogitsLoss() {
    const criterion = new nn.BCEWithLogitsLoss();
    const input = torch.randn(3, withGradient);
    const target = torch.empty(3).random_(2);
    return { loss: criterion(input, target), input };
  },
  SoftMarginLoss() {
    const criterion = new nn.SoftMarginLoss();
    const input = torch.randn(3, 5, withGradient);
    return { loss: criterion(input, signs(3, 5)), input };
  },
  MultiLabelMarginLoss() {
    const criterion = new nn.MultiLabelMarginLoss();
    const input = torch.tensor([[0.1, 0.2, 0.4, 0.8]], withGradient);
    const target = torch.tensor([[3, 0, -1, 1]]); // the classes 3 and 0: -1 ends the list
    return { loss: criterion(input, target), input };
  },
  MultiLabelSoftMarginLoss() {
    const criterion = new nn.MultiLabelSoftMarginLoss();
    const input = torch.randn(3, 5, withGradient);
    const target = torch.empty(3, 5).random_(2);
    return { loss: criterion(input, target), input };
  },

  // Embeddings and rankings: what is alike belongs together.
  HingeEmbeddingLoss() {
    const criterion = new nn.HingeEmbeddingLoss();
    const input = torch.randn(3, 5, withGradient);
    return { loss: criterion(input, signs(3, 5)), input };
  },
  CosineEmbeddingLoss() {
    const criterion = new nn.CosineEmbeddingLoss();
    const input = torch.randn(3, 5, withGradient);
    const other = torch.randn(3, 5, withGradient);
    return { loss: criterion(input, other, torch.ones(3)), input };
  },
  MarginRankingLoss() {
    const criterion = new nn.MarginRankingLoss();
    const input = torch.randn(8, withGradient);
    const other = torch.randn(8, withGradient);
    const target = torch.randn(8).sign();
    return { loss: criterion(input, other, target), input };
  },
  TripletMarginLoss() {
    const criterion = new nn.TripletMarginLoss({ margin: 1, p: 2, eps: 1e-7 });
    const anchor = torch.randn(100, 128, withGradient);
    const positive = torch.randn(100, 128, withGradient);
    const negative = torch.randn(100, 128, withGradient);
    return { loss: criterion(anchor, positive, negative), input: anchor };
  },
  TripletMarginWithDistanceLoss() {
    const embedding = new nn.Embedding(1000, 128);
    const anchor = embedding(torch.randint(0, 1000, [8]));
    const positive = embedding(torch.randint(0, 1000, [8]));
    const negative = embedding(torch.randint(0, 1000, [8]));
    const criterion = new nn.TripletMarginWithDistanceLoss({
      distance_function: new nn.PairwiseDistance(),
    });
    return { loss: criterion(anchor, positive, negative), input: embedding.weight };
  },

  // Sequences: 16 of 50 steps and 20 classes (0 is the blank), and their targets of 10 to 29
  // classes.
  CTCLoss() {
    const criterion = new nn.CTCLoss();
    const input = torch.randn(50, 16, 20).log_softmax(2).detach().requires_grad_();
    const target = torch.randint(1, 20, [16, 30], long);
    const inputLengths = torch.full([16], 50, long);
    const targetLengths = torch.randint(10, 30, [16], long);
    return { loss: criterion(input, target, inputLengths, targetLengths), input };
  },
};
