import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)

kl_loss = nn.KLDivLoss(reduction="batchmean")
logits = torch.randn(3, 5, requires_grad=True)
# input should be a distribution in the log space
input = F.log_softmax(logits, dim=1)
# Sample a batch of distributions. Usually this would come from the dataset
target = F.softmax(torch.rand(3, 5), dim=1)
output = kl_loss(input, target)
output.backward()

print(output)
print(logits.grad)
