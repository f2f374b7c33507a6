import torch
from torch import nn

torch.manual_seed(0)

loss = nn.MarginRankingLoss()
input1 = torch.randn(8, requires_grad=True)
input2 = torch.randn(8, requires_grad=True)
target = torch.empty(8).bernoulli_().mul_(2).sub_(1)
output = loss(input1, input2, target)
output.backward()

print(output)
print(input1.grad)
