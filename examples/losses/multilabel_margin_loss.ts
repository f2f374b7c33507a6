import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const loss = new nn.MultiLabelMarginLoss();
const x = torch.tensor([[0.1, 0.2, 0.4, 0.8]], { requires_grad: true });
// for target y, only consider labels 3 and 0, not after label -1
const y = torch.tensor([[3, 0, -1, 1]]);
// 0.25 * ((1-(0.1-0.2)) + (1-(0.1-0.4)) + (1-(0.8-0.2)) + (1-(0.8-0.4)))
const output = loss(x, y);
output.backward();

console.log(output);
console.log(x.grad);
