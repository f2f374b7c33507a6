# Embeds handwritten digits so that equal ones are near: triplets with hard negatives, and a distance of its own.
import gzip
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn, optim

EPOCHS = 5
BATCH_SIZE = 100
TEST_SIZE = 600
folder = sys.argv[1] if len(sys.argv) > 1 else "runs/embeddings"


def distance(a, b):
    """Returns the distance: 1 minus the cosine of the angle. It broadcasts, and autograd follows it."""
    return -F.cosine_similarity(a, b, dim=-1) + 1


def distances(rows):
    """Returns the distances between all rows: (n, n). A row is infinitely far from itself."""
    return distance(rows.unsqueeze(1), rows.unsqueeze(0)).fill_diagonal_(torch.inf)


def mine(embedded, classes):
    """Finds for each row the nearest row of its class, and the nearest of another one: the hardest negative."""
    all = distances(embedded.detach())
    same = classes.unsqueeze(1) == classes
    return (
        all.masked_fill(~same, torch.inf).argmin(1),
        all.masked_fill(same, torch.inf).argmin(1),
    )


def recall_at_1(rows, classes):
    """Returns the share of rows whose nearest other row is of their class."""
    nearest = distances(rows).argmin(1)
    return (classes[nearest] == classes).float().mean().item()


def report(when):
    with torch.no_grad():
        recall = recall_at_1(model(test_images), test_classes)
    print(f"{when}  recall@1 {100 * recall:.2f} %")


torch.set_num_threads(1)  # the tensors are small: one thread is fastest
torch.manual_seed(0)
with gzip.open(os.path.join(os.path.dirname(__file__), "../digits/digits.csv.gz"), "rt") as file:
    rows = torch.tensor([[int(value) for value in line.split(",")] for line in file])
images, classes = rows[:, :64] / 16, rows[:, 64]
order = torch.randperm(len(classes))
test_images, test_classes = images[order[:TEST_SIZE]], classes[order[:TEST_SIZE]]
train_images, train_classes = images[order[TEST_SIZE:]], classes[order[TEST_SIZE:]]

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))
criterion = nn.TripletMarginWithDistanceLoss(distance_function=distance, margin=0.3)
optimizer = optim.Adam(model.parameters(), lr=0.01)

report("untrained")
for epoch in range(1, EPOCHS + 1):
    for rows in torch.randperm(len(train_classes)).split(BATCH_SIZE):
        embedded = model(train_images[rows])
        positives, negatives = mine(embedded, train_classes[rows])
        optimizer.zero_grad()
        criterion(embedded, embedded[positives], embedded[negatives]).backward()
        optimizer.step()
    report(f"epoch {epoch}  ")
os.makedirs(folder, exist_ok=True)
torch.save(model.state_dict(), os.path.join(folder, "weights.pt"))
