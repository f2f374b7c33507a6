import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const triplet_loss = new nn.TripletMarginLoss({ margin: 1.0, p: 2, eps: 1e-7 });
const anchor = torch.randn(100, 128, { requires_grad: true });
const positive = torch.randn(100, 128, { requires_grad: true });
const negative = torch.randn(100, 128, { requires_grad: true });
const output = triplet_loss(anchor, positive, negative);
output.backward();

console.log(output);
console.log(anchor.grad);
