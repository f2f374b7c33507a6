"""The modules that test/jit scripts, saves and trains."""

from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import nn


class Pair(NamedTuple):
    total: torch.Tensor
    first: torch.Tensor


class Convolutional(nn.Module):
    """Convolutions, batch statistics, dropout, shared weights, and control flow that depends on the data."""

    scale: float

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Dropout(0.25)
        )
        self.head = nn.Linear(4 * 9, 5)
        self.same_head = self.head
        self.shift = nn.Parameter(torch.zeros(1))
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.scale = 0.5
        self.names = ["a", "b"]
        self.maybe: Optional[torch.Tensor] = None

    def forward(self, x: torch.Tensor, times: int = 2, double: bool = False):
        self.calls = self.calls + 1
        x = self.features(x).flatten(1)
        for _ in range(times):
            if bool(x.sum() > 0):
                x = x * self.scale
            else:
                x = x + self.shift
        if double:
            x = x * 2.0
        return self.same_head(x)

    @torch.jit.export
    def convert(
        self,
        tensors: List[torch.Tensor],
        named: Dict[str, torch.Tensor],
        pair: Tuple[int, float],
        text: Optional[str] = None,
        device: torch.device = torch.device("cpu"),
    ) -> Tuple[Dict[str, torch.Tensor], List[int], Pair, Optional[str], float, Dict[int, str], torch.device, bool, Tuple[()]]:
        total = torch.stack(tensors).sum()
        numbers = [pair[0], 1152921504606846976]
        return {"total": total}, numbers, Pair(total, named["a"]), text, pair[1], {3: "x", 1: "y"}, device, text is None, ()

    @torch.jit.export
    def same(self, x: torch.Tensor) -> torch.Tensor:
        return x

    @torch.jit.export
    def fails(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.numel() > 0):
            raise ValueError("bad value")
        return x


class Recurrent(nn.Module):
    """An LSTM whose loop over time is TorchScript's, and one of libtorch."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(3, 4)
        self.lstm = nn.LSTM(4, 4, num_layers=2, bidirectional=True)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.zeros(x.size(1), 4, dtype=x.dtype)
        c = torch.zeros(x.size(1), 4, dtype=x.dtype)
        outputs: List[torch.Tensor] = []
        t = 0
        while t < x.size(0):
            h, c = self.cell(x[t], (h, c))
            if bool(h.abs().max() < 10.0):
                outputs.append(h)
            t += 1
        output, _ = self.lstm(torch.stack(outputs))
        return self.head(output[-1])


def saved(name: str, path: str):
    """Scripts a module with the weights of seed 0, saves it, and returns it as torch.jit.load gives it back."""
    torch.manual_seed(0)
    torch.jit.script(globals()[name]()).save(path)
    return torch.jit.load(path)


def trained(module: nn.Module, x: torch.Tensor, steps: int = 5):
    """Trains with Adam, and returns the losses."""
    torch.manual_seed(1)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    target = torch.tensor([0, 3])
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(module(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses
