import torch
from torch import nn

torch.manual_seed(0)

loss = nn.LinearCrossEntropyLoss(5, 10, out_features=[4, 3])
input = torch.randn(2, 5, requires_grad=True)
target = torch.randint(0, 10, [2, 4, 3])
output = loss(input, target)
output.backward()

print(output)
print(input.grad)
