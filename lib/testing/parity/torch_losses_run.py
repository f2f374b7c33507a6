"""Records a run of a Python program, for `npx torch-losses parity --port port.ts --run FILE`.

One file that needs nothing but torch: copy it to where it is wanted.

    from torch_losses_run import record_run

    with record_run("training.safetensors", lr=0.1) as run:
        model = run.module("model", model)              # its parameters and buffers, now and at the end
        for x, y in batches:
            x, y = run.input("x", x), run.input("y", y)
            logits = run.record("logits", model(x))     # an intermediate
            loss = run.output("loss", criterion(logits, y))
            loss.backward()
            run.gradients()                             # of all inputs and parameters that have one
            optimizer.step()
            run.step()                                  # the next step begins

Every method returns the tensor or module that it takes. Nothing of the program changes, except that a gradient of an
input that was computed is kept (`retain_grad`). Tensors are written to a file beside `path` at once, so a run may be
larger than memory. A program that fails leaves no file.
"""

import contextlib
import ctypes
import importlib
import importlib.util
import json
import math
import os
import shutil
import struct
import sys
import tempfile
import warnings

import torch

# The names of the safetensors format.
DTYPES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.int16: "I16",
    torch.int32: "I32",
    torch.int64: "I64",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.complex64: "C64",
}

# The version of the index that a file holds.
FORMAT = 1


@contextlib.contextmanager
def record_run(path, given=None, **options):
    """Records what a program computes in a `with` block, and writes it when the block ends without an error.

    Args:
        path: of the file to write, in the safetensors format.
        given: path of a run that another program recorded. Inputs, options, the state of modules and of the random
            generator are then taken from it.
        options: numbers, texts, booleans, None and lists of these, for the port to read.

    Yields:
        a `Run`.

    Raises:
        TypeError: for an option or tensor that the file cannot hold.
        ValueError: for a name that is recorded twice in one step.
    """
    run = Run(path, _Given(given) if given is not None else None, options)
    show = warnings.showwarning

    def showwarning(message, category, *args, **kwargs):
        run._warnings.append([category.__name__, str(message)])
        show(message, category, *args, **kwargs)

    warnings.showwarning = showwarning
    try:
        yield run
        run._finish()
    finally:
        warnings.showwarning = show
        run._close()


class Run:
    """What is recorded, in order. `options` are those of `record_run`, or of the given run."""

    def __init__(self, path, given, options):
        self.path = os.fspath(path)
        self._given = given
        self.options = given.options if given else options
        self._options = {key: _plain(key, option) for key, option in self.options.items()}
        self._step = 0
        self._entries, self._header, self._end = [], {}, 0
        self._leaves, self._modules = {}, {}
        self._warnings = []
        self._rng = {}
        self._data = tempfile.TemporaryFile(dir=os.path.dirname(os.path.abspath(self.path)))
        self._keep_rng("start")

    def input(self, name, tensor=None):
        """Records a tensor that the run starts from. Of a given run, returns its tensor of this name instead."""
        if self._given:
            tensor = self._given.input(self._step, name)
        elif tensor is None:
            raise TypeError(f"input: {name!r} has no tensor, and there is no given run to take it from")
        self._add("input", name, tensor, requires_grad=tensor.requires_grad)
        if tensor.requires_grad:
            if not tensor.is_leaf:
                tensor.retain_grad()
            self._leaves[name] = tensor
        self._keep_rng(f"input {name}")
        return tensor

    def module(self, name, module):
        """Records the parameters and buffers of a module as they are now and, when the run ends, as they are then."""
        if name in self._modules:
            raise ValueError(f"module: {name!r} is recorded already")
        if self._given:
            with torch.no_grad():
                for key, tensor in _state(module):
                    tensor.copy_(self._given.tensor(f"{self._step}/state/{name}.{key}"))
        for key, tensor in _state(module):
            self._add("state", f"{name}.{key}", tensor, module=name, requires_grad=tensor.requires_grad)
        self._modules[name] = module
        self._keep_rng(f"module {name}")
        return module

    def record(self, name, tensor):
        """Records an intermediate result."""
        return self._add("record", name, tensor)

    def output(self, name, tensor):
        """Records a result."""
        return self._add("output", name, tensor)

    # What the port calls it: one function can then be the program on both sides.
    check = record

    def gradients(self):
        """Records the gradients of the inputs of this step and of the parameters, as they are now."""
        for name, tensor in self._leaves.items():
            if tensor.grad is not None:
                self._add("grad", name, tensor.grad)
        for name, module in self._modules.items():
            for key, parameter in module.named_parameters():
                if parameter.grad is not None:
                    self._add("grad", f"{name}.{key}", parameter.grad)
        self._entries.append({"kind": "gradients", "name": "", "step": self._step})

    def step(self):
        """Begins the next step. Names may then be recorded again."""
        self._step += 1
        self._leaves = {}
        self._keep_rng("step")

    def _add(self, kind, name, tensor, **more):
        if not isinstance(name, str) or not name:
            raise TypeError(f"{kind}: the name must be a text, got {name!r}")
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{kind}: {name!r} must be a tensor, got {type(tensor).__name__}")
        key = f"{self._step}/{kind}/{name}"
        if key in self._header:
            raise ValueError(f"{kind}: {name!r} is recorded twice in step {self._step}; run.step() begins the next")
        self._write(key, tensor)
        entry = {"kind": kind, "name": name, "step": self._step, "device": str(tensor.device), **more}
        if kind in ("input", "state") and not tensor.is_contiguous():
            entry["strides"] = tensor.stride()
        self._entries.append(entry)
        return tensor

    def _write(self, key, tensor):
        if tensor.dtype not in DTYPES:
            raise TypeError(f"{key} is of {tensor.dtype}, which the safetensors format has not")
        plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
        size = plain.numel() * plain.element_size()
        if size:
            self._data.write((ctypes.c_char * size).from_address(plain.data_ptr()))
        offsets = [self._end, self._end + size]
        self._header[key] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
        self._end += size

    def _keep_rng(self, call):
        """Keeps the states of the random generators after a call, where they are others than before."""
        for device, (get, put) in _generators().items():
            key = _rng_key(self._step, device, call)
            if self._given and key in self._given.header:
                put(self._given.tensor(key))
            state = get()
            if device not in self._rng or not torch.equal(state, self._rng[device]):
                self._rng[device] = state
                self._write(key, state)

    def _finish(self):
        for name, module in self._modules.items():
            for key, tensor in _state(module):
                self._add("final", f"{name}.{key}", tensor, module=name)
        self._rng = {}
        self._keep_rng("end")
        index = {
            "format": FORMAT,
            "entries": self._entries,
            "options": self._options,
            "warnings": self._warnings,
            "language": "Python",
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "runtime": "Python " + sys.version.split()[0],
        }
        text = json.dumps({"__metadata__": {"run": json.dumps(index)}, **self._header}).encode()
        text += b" " * (-len(text) % 8)
        part = f"{self.path}.part"
        try:
            with open(part, "wb") as file:
                file.write(struct.pack("<Q", len(text)))
                file.write(text)
                self._data.seek(0)
                shutil.copyfileobj(self._data, file, 1 << 20)
            os.replace(part, self.path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.remove(part)
            raise

    def _close(self):
        self._data.close()


def _generators():
    """How the state of each device's generator is read and set. CUDA's are among them once CUDA is in use."""
    generators = {"cpu": (torch.get_rng_state, torch.set_rng_state)}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        for i in range(torch.cuda.device_count()):
            generators[f"cuda:{i}"] = (
                lambda i=i: torch.cuda.get_rng_state(i),
                lambda state, i=i: torch.cuda.set_rng_state(state, i),
            )
    return generators


def _rng_key(step, device, call):
    return f"{step}/rng/{call}" if device == "cpu" else f"{step}/rng@{device}/{call}"


def _state(module):
    """The parameters and buffers of a module, those that state_dict() leaves out too."""
    return [*module.named_parameters(), *module.named_buffers()]


class _Given:
    """A run that another program recorded. Tensors are read when they are asked for."""

    def __init__(self, path):
        self._file = open(path, "rb")
        (length,) = struct.unpack("<Q", self._file.read(8))
        self.header = json.loads(self._file.read(length))
        self._start = 8 + length
        self.index = json.loads(self.header.pop("__metadata__")["run"])
        self.options = {key: _unplain(option) for key, option in self.index["options"].items()}
        torch.set_num_threads(self.index["threads"])

    def input(self, step, name):
        for entry in self.index["entries"]:
            if (entry["kind"], entry["step"], entry["name"]) == ("input", step, name):
                tensor = self.tensor(f"{step}/input/{name}")
                if "strides" in entry:
                    once = tensor
                    for dim, stride in enumerate(entry["strides"]):
                        once = once.narrow(dim, 0, 1) if stride == 0 and tensor.shape[dim] > 1 else once
                    tensor = torch.empty_strided(once.shape, entry["strides"], dtype=tensor.dtype)
                    tensor = tensor.copy_(once).expand(self.header[f"{step}/input/{name}"]["shape"])
                device = entry["device"] if torch.cuda.is_available() else "cpu"
                return tensor.to(device).requires_grad_(entry["requires_grad"])
        raise ValueError(f"input: the given run has no input {name!r} in step {step}")

    def tensor(self, key):
        if key not in self.header:
            raise ValueError(f"the given run has no {key!r}")
        place = self.header[key]
        dtype = next(dtype for dtype, name in DTYPES.items() if name == place["dtype"])
        start, end = place["data_offsets"]
        if start == end:
            return torch.empty(place["shape"], dtype=dtype)
        self._file.seek(self._start + start)
        return torch.frombuffer(bytearray(self._file.read(end - start)), dtype=dtype).reshape(place["shape"])


def _plain(key, value):
    """An option as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(key, item) for item in value]
    raise TypeError(f"record_run: option {key} is a {type(value).__name__}, which the file cannot hold")


def _unplain(value):
    if isinstance(value, list):
        return [_unplain(item) for item in value]
    return float(value["float"]) if isinstance(value, dict) else value


def main(given, function, path):
    """Runs `module:function` or `file.py:function` on a given run, and records what it computes."""
    module, _, name = function.rpartition(":")
    if module.endswith(".py"):
        spec = importlib.util.spec_from_file_location("port", module)
        loaded = importlib.util.module_from_spec(spec)
        sys.path.insert(0, os.path.dirname(os.path.abspath(module)))
        spec.loader.exec_module(loaded)
    else:
        sys.path.insert(0, os.getcwd())
        loaded = importlib.import_module(module)
    with record_run(path, given=given) as run:
        getattr(loaded, name)(run)


if __name__ == "__main__":
    main(*sys.argv[1:])
