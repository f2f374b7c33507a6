import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.GaussianNLLLoss();
const input = torch.randn(5, 2, { requires_grad: true });
const target = torch.randn(5, 2);
const variance = torch.ones(5, 2, { requires_grad: true }); // heteroscedastic
const output = loss(input, target, variance);
output.backward();

console.log(output);
console.log(input.grad);
console.log(variance.grad);
