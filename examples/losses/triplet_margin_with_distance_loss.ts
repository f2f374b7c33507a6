import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

// Initialize embeddings
const embedding = new nn.Embedding(1000, 128);
const anchor_ids = torch.randint(0, 1000, [8]);
const positive_ids = torch.randint(0, 1000, [8]);
const negative_ids = torch.randint(0, 1000, [8]);
const anchor = embedding(anchor_ids);
const positive = embedding(positive_ids);
const negative = embedding(negative_ids);
// Built-in Distance Function
const distance_function = new nn.PairwiseDistance();
const triplet_loss = new nn.TripletMarginWithDistanceLoss({ distance_function });
const output = triplet_loss(anchor, positive, negative);
output.backward();
console.log(output);
console.log(embedding.weight.grad?.index(anchor_ids));
