"""Python's side of ../distributed.mjs: one of two processes."""

import json
import os
import sys
import time

import torch
import torch.distributed as dist
from cnn import make_cnn
from torch import nn, optim


def all_reduce(size):
    tensor = torch.full([size // 4], 0, dtype=torch.float32)

    def step():
        dist.all_reduce(tensor)
        return tensor

    return step


def training():
    torch.manual_seed(0)
    cnn = make_cnn()
    input, target = torch.randn(32, 1, 8, 8), torch.randint(0, 10, [32])
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.AdamW(cnn.parameters(), lr=0.001)
    model = nn.parallel.DistributedDataParallel(cnn)
    total = torch.zeros(1)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(input), target)
        loss.backward()
        optimizer.step()
        total.add_(loss.detach())
        return total

    return step


STEPS = {
    "all_reduce of 4 KB": lambda: all_reduce(4_000),
    "all_reduce of 4 MB": lambda: all_reduce(4_000_000),
    "all_reduce of 100 MB": lambda: all_reduce(100_000_000),
    "DDP step of the CNN": training,
}


def answer(result):
    print(json.dumps(result), flush=True)


dist.init_process_group(
    "gloo", os.environ["INIT_METHOD"], rank=int(os.environ["RANK"]), world_size=int(os.environ["WORLD_SIZE"])
)
answer({"version": torch.__version__})
for line in sys.stdin:
    request = json.loads(line)
    if "prepare" in request:
        step = STEPS[request["prepare"]]()
        answer({"value": step().sum().item()})
    else:
        dist.barrier()
        start = time.perf_counter()
        for _ in range(request["run"]):
            step()
        answer({"seconds": time.perf_counter() - start})
