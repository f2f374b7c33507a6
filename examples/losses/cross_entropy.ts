import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.CrossEntropyLoss();
const input = torch.randn(3, 5, { requires_grad: true });
const target = torch.empty(3, { dtype: torch.long }).random_(5);
const output = loss(input, target);
output.backward();

console.log(output);
console.log(input.grad);
