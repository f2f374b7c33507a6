import torch
from torch import nn

torch.manual_seed(0)

loss = nn.PoissonNLLLoss()
log_input = torch.randn(5, 2, requires_grad=True)
target = torch.randn(5, 2)
output = loss(log_input, target)
output.backward()

print(output)
print(log_input.grad)
