"""Python's side of ../training.mjs: steps of a training. It answers with processor time."""

import json
import sys
import time

import torch
from cnn import make_cnn
from torch import nn, optim


def cnn():
    model = make_cnn()
    input = torch.randn(64, 1, 8, 8)
    return training(model, lambda: model(input), torch.randint(0, 10, [64]))


def lstm():
    model = nn.ModuleList([nn.LSTM(64, 128), nn.Linear(128, 10)])
    layer, head = model
    input = torch.randn(50, 32, 64)
    return training(model, lambda: head(layer(input)[0][-1]), torch.randint(0, 10, [32]))


def adamw():
    parameters = [nn.Parameter(torch.randn(100_000)) for _ in range(20)]
    for parameter in parameters:
        parameter.grad = torch.randn(100_000)
    return optim.AdamW(parameters).step


def training(model, forward, target):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.AdamW(model.parameters(), lr=0.001)

    def step():
        optimizer.zero_grad()
        loss = criterion(forward(), target)
        loss.backward()
        optimizer.step()
        return loss

    return step


def answer(result):
    print(json.dumps(result), flush=True)


torch.set_num_threads(1)
answer({"version": torch.__version__})
for line in sys.stdin:
    request = json.loads(line)
    if "prepare" in request:
        torch.manual_seed(0)
        step = {"cnn": cnn, "lstm": lstm, "adamw": adamw}[request["prepare"]]()
        loss = step()
        answer({"value": loss.item() if loss is not None else 0})
    elif "run" in request:
        start = time.process_time()
        for _ in range(request["run"]):
            step()
        answer({"seconds": time.process_time() - start})
    else:
        break
