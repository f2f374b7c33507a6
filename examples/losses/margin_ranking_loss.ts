import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.MarginRankingLoss();
const input1 = torch.randn(8, { requires_grad: true });
const input2 = torch.randn(8, { requires_grad: true });
const target = torch.empty(8).bernoulli_().mul_(2).sub_(1);
const output = loss(input1, input2, target);
output.backward();

console.log(output);
console.log(input1.grad);
