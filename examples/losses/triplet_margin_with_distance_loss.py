import torch
from torch import nn

torch.manual_seed(0)

# Initialize embeddings
embedding = nn.Embedding(1000, 128)
anchor_ids = torch.randint(0, 1000, [8])
positive_ids = torch.randint(0, 1000, [8])
negative_ids = torch.randint(0, 1000, [8])
anchor = embedding(anchor_ids)
positive = embedding(positive_ids)
negative = embedding(negative_ids)
# Built-in Distance Function
distance_function = nn.PairwiseDistance()
triplet_loss = nn.TripletMarginWithDistanceLoss(distance_function=distance_function)
output = triplet_loss(anchor, positive, negative)
output.backward()
print(output)
print(embedding.weight.grad[anchor_ids])
