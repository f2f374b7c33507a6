import torch
from torch import nn

torch.manual_seed(0)

loss = nn.MultiLabelSoftMarginLoss()
input = torch.randn(3, 5, requires_grad=True)
target = torch.empty(3, 5).random_(2)
output = loss(input, target)
output.backward()

print(output)
print(input.grad)
