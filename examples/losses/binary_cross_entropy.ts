import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const m = new nn.Sigmoid();
const loss = new nn.BCELoss();
const input = torch.randn(3, 2, { requires_grad: true });
const target = torch.rand(3, 2, { requires_grad: false });
const output = loss(m(input), target);
output.backward();

console.log(output);
console.log(input.grad);
