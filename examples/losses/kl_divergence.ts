import torch, { nn } from 'torch-losses';

const F = nn.functional;
torch.manual_seed(0);

const kl_loss = new nn.KLDivLoss({ reduction: 'batchmean' });
const logits = torch.randn(3, 5, { requires_grad: true });
// input should be a distribution in the log space
const input = F.log_softmax(logits, { dim: 1 });
// Sample a batch of distributions. Usually this would come from the dataset
const target = F.softmax(torch.rand(3, 5), { dim: 1 });
const output = kl_loss(input, target);
output.backward();

console.log(output);
console.log(logits.grad);
