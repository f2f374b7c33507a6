# Fine-tunes a TorchScript model that pretrain.py exported: it knows five digits and learns all ten from 200 images.
import gzip
import os
import sys
import warnings

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split

folder = sys.argv[1] if len(sys.argv) > 1 else "runs/finetune"

torch.manual_seed(0)
with gzip.open(os.path.join(os.path.dirname(__file__), "../digits/digits.csv.gz"), "rt") as lines:
    rows = torch.tensor([[int(value) for value in line.split(",")] for line in lines])
digits = TensorDataset((rows[:, :64] / 16).reshape(-1, 1, 8, 8), rows[:, 64])
few, rest = random_split(digits, [200, 1597])
loader = DataLoader(few, batch_size=50, shuffle=True)

warnings.simplefilter("ignore", DeprecationWarning)  # Python recommends torch.export, which only Python reads
pretrained = torch.jit.load(os.path.join(folder, "pretrained.pt"))
features = pretrained.features
head = nn.Linear(128, 10)
model = nn.Sequential(features, head).train()
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = optim.AdamW([{"params": features.parameters(), "lr": 0.001}, {"params": head.parameters()}], lr=0.01)

for epoch in range(1, 11):
    total = 0
    for input, target in loader:
        optimizer.zero_grad()
        loss = criterion(model(input), target)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: loss {total / len(loader):.4f}")

model.eval()
correct = 0
with torch.no_grad():
    for input, target in DataLoader(rest, batch_size=100):
        correct += (model(input).argmax(1) == target).sum().item()
print(f"test accuracy {100 * correct / len(rest):.1f} %")
torch.save(model.state_dict(), os.path.join(folder, "weights.pt"))
