import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const log_softmax = new nn.LogSoftmax({ dim: 1 });
const loss_fn = new nn.NLLLoss();
// input to NLLLoss is of size N x C = 3 x 5
const input = torch.randn(3, 5, { requires_grad: true });
// each element in target must have 0 <= value < C
const target = torch.tensor([1, 0, 4]);
const loss = loss_fn(log_softmax(input), target);
loss.backward();

console.log(loss);
console.log(input.grad);
