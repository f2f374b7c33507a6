import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.CosineEmbeddingLoss();
const input1 = torch.randn(3, 5, { requires_grad: true });
const input2 = torch.randn(3, 5, { requires_grad: true });
const target = torch.ones(3);
const output = loss(input1, input2, target);
output.backward();

console.log(output);
console.log(input1.grad);
