"""PyTorch, called like in a user's program: a side of the benchmarks (protocol.md)."""

import json
import math
import os
import sys
import time
import warnings

# Only the protocol uses stdout. Everything else that is printed goes to stderr.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")

import torch  # noqa: E402

PRIMES = [2, 3, 5, 7, 11]
DEVICE = sys.argv[2] if len(sys.argv) > 2 else "cpu"
PERIOD = 2**20


def answer(message):
    ANSWERS.write(json.dumps(message) + "\n")
    ANSWERS.flush()


def values_of(given, u):
    if "signs" in given:
        return (u >= 0.5).to(torch.float32) * 2 - 1
    low, high = given.get("uniform") or given["integers"]
    values = u * float(high - low) + float(low)
    return values.floor().long() if "integers" in given else values.float()


def make_input(given, index):
    if "list" in given:
        return given["list"]
    shape = given["shape"]
    if "labels" in given:
        columns = torch.arange(shape[1])
        return torch.where(columns < given["labels"], columns * 3, -1).repeat(shape[0], 1).to(DEVICE)
    size = math.prod(shape)
    period = min(size, PERIOD)
    factor = math.fmod(math.sqrt(PRIMES[index]), 1)
    u = (torch.arange(1, period + 1, dtype=torch.float64) * factor).frac()
    values = values_of(given, u)
    repeated = values if period == size else values.repeat(math.ceil(size / period))
    return repeated[:size].reshape(shape).clone().to(DEVICE).requires_grad_(given.get("grad", False))


def prepare(case, backward):
    """Returns the function that is timed, and the loss."""
    inputs = case["inputs"]
    criterion = getattr(torch.nn, case["loss"])(*case["positional"], **case["options"]).to(DEVICE)
    own = list(criterion.parameters())
    with torch.no_grad():
        for index, parameter in enumerate(own):
            parameter.copy_(make_input(case["parameters"][index], len(inputs) + index))
    args = [make_input(given, index) for index, given in enumerate(inputs)]
    leaves = [value for value in [*args, *own] if getattr(value, "requires_grad", False)]

    def forward():
        return criterion(*args)

    def forward_and_backward():
        criterion(*args).backward()
        for leaf in leaves:
            leaf.grad = None

    return forward_and_backward if backward else forward, forward().item()


def seconds_of(step, calls):
    start = time.perf_counter()
    for _ in range(calls):
        step()
    if DEVICE != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main():
    torch.set_num_threads(int(sys.argv[1]))
    answer({"version": torch.__version__, "threads": torch.get_num_threads()})
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            step = None
            if not hasattr(torch.nn, request["prepare"]["loss"]):
                answer({"unsupported": f"came after torch {torch.__version__}"})
                continue
            step, value = prepare(request["prepare"], request["backward"])
            answer({"value": value})
        elif "run" in request:
            answer({"seconds": seconds_of(step, request["run"])})
        else:
            return


main()
