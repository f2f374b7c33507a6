import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.LinearCrossEntropyLoss(5, 10, { out_features: [4, 3] });
const input = torch.randn(2, 5, { requires_grad: true });
const target = torch.randint(0, 10, [2, 4, 3]);
const output = loss(input, target);
output.backward();

console.log(output);
console.log(input.grad);
