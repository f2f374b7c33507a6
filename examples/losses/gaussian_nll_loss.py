import torch
from torch import nn

torch.manual_seed(0)

loss = nn.GaussianNLLLoss()
input = torch.randn(5, 2, requires_grad=True)
target = torch.randn(5, 2)
variance = torch.ones(5, 2, requires_grad=True)  # heteroscedastic
output = loss(input, target, variance)
output.backward()

print(output)
print(input.grad)
print(variance.grad)
