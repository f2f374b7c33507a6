import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.PoissonNLLLoss();
const log_input = torch.randn(5, 2, { requires_grad: true });
const target = torch.randn(5, 2);
const output = loss(log_input, target);
output.backward();

console.log(output);
console.log(log_input.grad);
