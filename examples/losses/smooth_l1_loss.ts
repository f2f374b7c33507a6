import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.SmoothL1Loss();
const input = torch.randn(3, 5, { requires_grad: true });
const target = torch.randn(3, 5);
const output = loss(input, target);
output.backward();

console.log(output);
console.log(input.grad);
