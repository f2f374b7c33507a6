"""Runs the requests of the parity test in Python's torch, and answers with exact bytes.

Needs only torch, not numpy. Reads frames from stdin, writes frames to stdout:

    u32 length of the JSON | u32 length of the payload | JSON | payload      (little-endian)

A frame's JSON is a list of requests (see `Call` and `Sample` in call.ts) and its payload holds their
tensors' bytes. The JSON of the answer is the list of outcomes, in order, and its payload holds the results' bytes.
"""

import contextlib
import ctypes
import json
import math
import os
import platform
import signal
import struct
import sys
import warnings

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback

# Only frames go to stdout. Everything that is printed goes to stderr.
FRAMES_IN = sys.stdin.buffer
FRAMES_OUT = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")

import torch  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402

def about():
    """Returns the properties that determine the bits of results, as JSON."""
    cuda = torch.version.cuda if torch.cuda.is_available() else None
    return json.dumps(
        {
            "torch": torch.__version__,
            "git_version": torch.version.git_version,
            "directory": os.path.dirname(torch.__file__),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version() if cuda else None,
            "threads": torch.get_num_threads(),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "python": platform.python_version(),
            "executable": sys.executable,
            "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else [],
        }
    )


NAMES = {"torch": torch, "nn": nn, "F": F, "Tensor": torch.Tensor, "math": math, "about": about}
COMPILED = {}


def evaluate(expression, names=NAMES):
    """Returns the value of a Python expression with torch, nn, F and Tensor."""
    if expression not in COMPILED:
        COMPILED[expression] = compile(expression, expression, "eval")
    return eval(COMPILED[expression], names)


# --- tensors from and to bytes ---------------------------------------------------------------------


def build_input(spec, payload, device):
    """Returns a leaf tensor from its bytes, with the memory layout of the specification."""
    tensor = torch.empty(spec["base"], dtype=getattr(torch, spec["dtype"]))
    if spec["length"]:
        data = payload[spec["offset"] : spec["offset"] + spec["length"]]
        ctypes.memmove(tensor.data_ptr(), data, spec["length"])
    if device != "cpu":
        tensor = tensor.to(device)
    layout = spec["layout"]
    if layout == "transposed":
        tensor = tensor.transpose(-1, -2)
    elif layout == "strided":
        tensor = tensor[..., ::2]
    elif layout == "expanded":
        tensor = tensor.expand(spec["shape"])
    return tensor.requires_grad_() if spec["requires_grad"] else tensor


def tensor_bytes(tensor):
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
    if plain._is_zerotensor():  # a gradient known to be zero: it has no memory
        plain = torch.zeros(plain.shape, dtype=plain.dtype)
    plain = plain.cpu()
    return ctypes.string_at(plain.data_ptr(), plain.numel() * plain.element_size()) if plain.numel() else b""


def function_name(function):
    """Returns the name of a graph function, like torch/_tensor_str.py."""
    name = type(function).__name__
    return function.name().rsplit("::", maxsplit=1)[-1] if name == "CppFunction" else name


MOST_FUNCTIONS = 64


def graph_of(tensor):
    """Formats the graph of a tensor like graphOf in lib/testing/parity/outcome.ts."""
    if tensor.grad_fn is None:
        return None
    left = MOST_FUNCTIONS

    def show(function):
        nonlocal left
        left -= 1
        if left < 0:
            return "..."
        nexts = [
            f"{show(each)}:{index}" if each else "None" for each, index in function.next_functions
        ]
        name = function_name(function)
        return f"{name}({', '.join(nexts)})" if nexts else name

    return show(tensor.grad_fn)


class Answer:
    """Collects the bytes to which the outcomes in one frame refer."""

    def __init__(self):
        self.chunks = []
        self.size = 0

    def tensor(self, tensor):
        data = tensor_bytes(tensor)
        offset = self.size
        self.chunks.append(data)
        self.size += len(data)
        return {
            "dtype": str(tensor.dtype),
            "shape": list(tensor.shape),
            "grad_fn": graph_of(tensor),
            "requires_grad": tensor.requires_grad,
            "offset": offset,
            "length": len(data),
        }

    def value(self, value):
        """Returns a result as JSON. Numbers are text, so that they are not rounded."""
        if isinstance(value, torch.Tensor):
            return {"tensor": self.tensor(value)}
        if value is None or isinstance(value, (bool, str)):
            return {"plain": value}
        if isinstance(value, (int, float)):
            return {"number": repr(value)}
        if isinstance(value, complex):
            return {"list": [self.value(value.real), self.value(value.imag)]}
        if isinstance(value, dict):
            return {"list": [self.value([str(k), v]) for k, v in value.items()]}
        if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
            return {"list": [self.value(item) for item in value]}
        return {"plain": str(value)}


# --- requests --------------------------------------------------------------------------------------


def decode(argument, inputs):
    """Returns the value of an argument: plain JSON, `{"input": i}`, `{"python": expression}` or a list."""
    if isinstance(argument, list):
        return [decode(item, inputs) for item in argument]
    if isinstance(argument, dict):
        return inputs[argument["input"]] if "input" in argument else evaluate(argument["python"])
    return argument


def upstream(tensor):
    """Returns the gradient for a result that is not a scalar. call.ts makes the same one."""
    values = ((7 * torch.arange(tensor.numel()) + 3) % 17 - 8) / 8  # exact in every dtype
    return values.to(tensor.device, tensor.dtype).reshape(tensor.shape)


def tensors_of(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in tensors_of(item)] if isinstance(value, (list, tuple)) else []


def autocast(settings):
    """Returns a context with autocast, if the request asks for it."""
    if settings is None:
        return contextlib.nullcontext()
    return torch.autocast(settings["device"], dtype=getattr(torch, settings["dtype"]))


def run_call(request, payload, answer, outcome):
    inputs = [build_input(spec, payload, request["device"]) for spec in request["inputs"]]
    args = [decode(item, inputs) for item in request["args"]]
    kwargs = {key: decode(item, inputs) for key, item in request["kwargs"].items()}
    if request["in_place"]:
        args[0] = args[0].clone()
    if request["seed"] is not None:
        torch.manual_seed(request["seed"])
    with autocast(request["autocast"]):
        result = evaluate(request["callee"])(*args, **kwargs)
        if request["forward"] is not None:
            if request["device"] != "cpu":
                result.to(request["device"])
            for key, item in request["set"].items():
                setattr(result, key, decode(item, inputs))
            result = result(*[decode(item, inputs) for item in request["forward"]])
    if request["show"]:
        outcome["result"] = answer.value([repr(result), repr(result)])
        return
    outcome["result"] = answer.value(result)

    leaves = [tensor for tensor in inputs if tensor.requires_grad]
    roots = [tensor for tensor in tensors_of(result) if tensor.requires_grad]
    if request["backward"] == "none" or not leaves or not roots:
        return
    outcome["stage"] = "backward"
    root = roots[0]
    if request["backward"] == "once":
        root.backward(None if root.numel() == 1 else upstream(root))
        outcome["grads"] = [answer.value(leaf.grad) for leaf in leaves]
        return
    grads = torch.autograd.grad(root, leaves, upstream(root), create_graph=True, allow_unused=True)
    outcome["grads"] = [answer.value(grad) for grad in grads]
    outcome["stage"] = "second backward"
    again = [grad for grad in grads if grad is not None and grad.requires_grad]
    if again:
        seconds = torch.autograd.grad(again, leaves, [upstream(g) for g in again], allow_unused=True)
        outcome["seconds"] = [answer.value(grad) for grad in seconds]


def run_sample(request, payload, answer, outcome):
    names = dict(NAMES)
    if request["seed"] is not None:
        torch.manual_seed(request["seed"])
    exec(compile(request["source"], "sample", "exec"), names)
    outcome["result"] = {"list": [answer.value(evaluate(text, names)) for text in request["outputs"]]}


def run(request, payload, answer):
    outcome = {"stage": "call", "error": None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            (run_sample if "source" in request else run_call)(request, payload, answer, outcome)
        except Exception as error:  # every class is an answer
            outcome["error"] = {"type": type(error).__name__, "message": str(error)}
    outcome["warnings"] = [[w.category.__name__, str(w.message)] for w in caught]
    return outcome


def read_exactly(count):
    data = FRAMES_IN.read(count)
    if len(data) != count:
        FRAMES_OUT.close()
        sys.exit(0)
    return data


def main():
    while True:
        head, body = struct.unpack("<II", read_exactly(8))
        requests = json.loads(read_exactly(head))
        payload = read_exactly(body)
        answer = Answer()
        text = json.dumps([run(request, payload, answer) for request in requests]).encode()
        FRAMES_OUT.write(struct.pack("<II", len(text), answer.size))
        FRAMES_OUT.write(text)
        FRAMES_OUT.write(b"".join(answer.chunks))
        FRAMES_OUT.flush()


if __name__ == "__main__":
    main()
