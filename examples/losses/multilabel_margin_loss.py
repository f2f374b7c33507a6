import torch
from torch import nn

torch.manual_seed(0)

loss = nn.MultiLabelMarginLoss()
x = torch.tensor([[0.1, 0.2, 0.4, 0.8]], requires_grad=True)
# for target y, only consider labels 3 and 0, not after label -1
y = torch.tensor([[3, 0, -1, 1]])
# 0.25 * ((1-(0.1-0.2)) + (1-(0.1-0.4)) + (1-(0.8-0.2)) + (1-(0.8-0.4)))
output = loss(x, y)
output.backward()

print(output)
print(x.grad)
