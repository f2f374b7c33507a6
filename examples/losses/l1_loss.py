import torch
from torch import nn

torch.manual_seed(0)

loss = nn.L1Loss()
input = torch.randn(3, 5, requires_grad=True)
target = torch.randn(3, 5)
output = loss(input, target)
output.backward()

print(output)
print(input.grad)
