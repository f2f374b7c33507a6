# Trains a CNN on the digits 0 to 4 and exports it as a TorchScript model. Usage: pretrain.py FILE
import gzip
import os
import sys
import warnings

import torch
from torch import nn, optim

torch.manual_seed(0)
with gzip.open(os.path.join(os.path.dirname(__file__), "../digits/digits.csv.gz"), "rt") as lines:
    rows = torch.tensor([[int(value) for value in line.split(",")] for line in lines])
rows = rows[rows[:, 64] < 5]
images, classes = (rows[:, :64] / 16).reshape(-1, 1, 8, 8), rows[:, 64]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Linear(128, 5)

    def forward(self, images):
        return self.head(self.features(images))


model = Net()
optimizer = optim.AdamW(model.parameters(), lr=0.01)
for epoch in range(10):
    for batch in torch.randperm(len(rows)).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[batch]), classes[batch]).backward()
        optimizer.step()
warnings.simplefilter("ignore", DeprecationWarning)  # Python recommends torch.export, which only Python reads
torch.jit.script(model.eval()).save(sys.argv[1])
