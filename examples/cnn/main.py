# Trains a CNN on handwritten digits. Started again, it continues after the last epoch that was saved.
import gzip
import os
import sys

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split
from torch.utils.tensorboard import SummaryWriter

EPOCHS = 3
folder = sys.argv[1] if len(sys.argv) > 1 else "runs/cnn"

torch.manual_seed(0)
with gzip.open(os.path.join(os.path.dirname(__file__), "../digits/digits.csv.gz"), "rt") as file:
    rows = torch.tensor([[int(value) for value in line.split(",")] for line in file])
digits = TensorDataset((rows[:, :64] / 16).reshape(-1, 1, 8, 8), rows[:, 64])
train, test = random_split(digits, [0.8, 0.2])
loader = DataLoader(train, batch_size=64, shuffle=True)
test_loader = DataLoader(test, batch_size=64)

model = nn.Sequential(
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
optimizer = optim.AdamW(model.parameters(), lr=0.001)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, epochs=EPOCHS, steps_per_epoch=len(loader))

writer = SummaryWriter(folder)
checkpoint = os.path.join(folder, "checkpoint.pt")
epoch = 0
if os.path.exists(checkpoint):
    saved = torch.load(checkpoint)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    scheduler.load_state_dict(saved["scheduler"])
    torch.set_rng_state(saved["rng"])
    epoch = saved["epoch"]

for epoch in range(epoch, EPOCHS):
    total = 0
    for input, target in loader:
        optimizer.zero_grad()
        loss = criterion(model(input), target)
        loss.backward()
        optimizer.step()
        scheduler.step()
        writer.add_scalar("loss", loss, scheduler.last_epoch)
        total += loss.item()
    print(f"epoch {epoch + 1}: loss {total / len(loader):.4f}")
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save({**states, "rng": torch.get_rng_state(), "epoch": epoch + 1}, checkpoint)

model.eval()
correct = 0
with torch.no_grad():
    for input, target in test_loader:
        correct += (model(input).argmax(1) == target).sum().item()
print(f"test accuracy {100 * correct / len(test):.1f} %")
torch.save(model.state_dict(), os.path.join(folder, "weights.pt"))
writer.close()
