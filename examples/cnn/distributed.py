# Trains the CNN in several processes. If one is killed, torchrun starts all again, and they continue after the last epoch.
import gzip
import os
import sys

import torch
import torch.distributed as dist
from torch import nn, optim
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset, random_split

EPOCHS = 3
folder = sys.argv[1] if len(sys.argv) > 1 else "runs/cnn_distributed"

dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()

torch.manual_seed(0)
with gzip.open(os.path.join(os.path.dirname(__file__), "../digits/digits.csv.gz"), "rt") as file:
    rows = torch.tensor([[int(value) for value in line.split(",")] for line in file])
digits = TensorDataset((rows[:, :64] / 16).reshape(-1, 1, 8, 8), rows[:, 64])
train, test = random_split(digits, [0.8, 0.2])
sampler = DistributedSampler(train)
loader = DataLoader(train, batch_size=32, sampler=sampler)
test_loader = DataLoader(test, batch_size=64)

cnn = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.BatchNorm2d(32),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.25),
    nn.Linear(128, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.AdamW(cnn.parameters(), lr=0.001)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, epochs=EPOCHS, steps_per_epoch=len(loader))

# The first process saves what all have in common, and the random generator of each.
torch.manual_seed(rank)
checkpoint = os.path.join(folder, "checkpoint.pt")
epoch = 0
if os.path.exists(checkpoint):
    saved = torch.load(checkpoint)
    cnn.load_state_dict(saved["cnn"])
    optimizer.load_state_dict(saved["optimizer"])
    scheduler.load_state_dict(saved["scheduler"])
    torch.set_rng_state(saved["generators"][rank])
    epoch = saved["epoch"]
model = DistributedDataParallel(cnn)

for epoch in range(epoch, EPOCHS):
    sampler.set_epoch(epoch)
    total = torch.zeros(1)
    for input, target in loader:
        optimizer.zero_grad()
        loss = criterion(model(input), target)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.detach()
    dist.all_reduce(total)
    generators = [torch.empty_like(torch.get_rng_state()) for _ in range(size)]
    dist.all_gather(generators, torch.get_rng_state())
    if rank == 0:
        print(f"epoch {epoch + 1}: loss {total.item() / size / len(loader):.4f}")
        states = {"cnn": cnn.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
        torch.save({**states, "generators": generators, "epoch": epoch + 1}, checkpoint)

if rank == 0:
    cnn.eval()
    correct = 0
    with torch.no_grad():
        for input, target in test_loader:
            correct += (cnn(input).argmax(1) == target).sum().item()
    print(f"test accuracy {100 * correct / len(test):.1f} %")
    torch.save(cnn.state_dict(), os.path.join(folder, "weights.pt"))
dist.destroy_process_group()
