"""Saves a call of a loss from a running Python program, for `npx torch-losses parity --case FILE`.

This file needs only torch. Copy it into your program.

    from torch_losses_case import save_case

    save_case("step-1000.safetensors", criterion, logits, target)
    save_case("step-1000.safetensors", F.cross_entropy, logits, target, label_smoothing=0.1)

The loss is computed on detached tensors: the program's own graph and gradients stay as they are.
"""

import ctypes
import dataclasses
import inspect
import json
import math
import struct
import threading

import torch
import torch.nn.functional as F

# The functions that compute losses. Every loss class calls one of them.
LOSSES = [name for name in dir(F) if name.endswith("_loss") and not name.startswith("_")] + [
    name
    for name in (
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "cross_entropy",
        "kl_div",
        "linear_cross_entropy",
    )
    if hasattr(F, name)
]

# The names of dtypes in the safetensors format.
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


def save_case(path, loss, *args, **kwargs):
    """Computes a loss and its gradients, and saves them with the arguments of the call.

    Args:
        path: of the file to write, in the safetensors format.
        loss: an `nn.Module` that calls one loss function of torch, such as `nn.CrossEntropyLoss()`, or such a function
            itself, such as `F.cross_entropy`.
        args, kwargs: the arguments of the call. Gradients are computed for the tensors that require them.

    Returns:
        The value of the loss function, detached.

    Raises:
        TypeError: if the loss is not one of torch, if a module returns another value than that of the function it calls,
            or if an argument cannot be saved.
    """
    name, arguments = _recorded(loss, args, kwargs)
    tensors, options = {}, {}
    for key, argument in arguments.items():
        if isinstance(argument, torch.Tensor):
            tensors[key] = argument.detach().requires_grad_(argument.requires_grad)
        else:
            options[key] = argument
    value = getattr(F, name)(**tensors, **options)

    saved = {**tensors, "value": value}
    leaves = {key: tensor for key, tensor in tensors.items() if tensor.requires_grad}
    if leaves and value.requires_grad:
        saved["grad_output"] = torch.ones_like(value)
        grads = torch.autograd.grad(value, list(leaves.values()), saved["grad_output"], allow_unused=True)
        saved.update({f"grad.{key}": grad for key, grad in zip(leaves, grads) if grad is not None})
    texts = {
        "loss": name,
        "options": json.dumps({key: _plain(key, option) for key, option in options.items()}),
        "strides": json.dumps({key: t.stride() for key, t in tensors.items() if not t.is_contiguous()}),
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "device": str(value.device),
    }
    _write(path, {key: tensor.detach() for key, tensor in saved.items()}, texts)
    return value.detach()


def _recorded(loss, args, kwargs):
    """Returns the name of the loss function that a call reaches, and its arguments by name."""
    if getattr(loss, "__name__", None) in LOSSES and getattr(F, loss.__name__) is loss:
        return loss.__name__, _by_name(loss, args, kwargs)
    if not callable(loss):
        raise TypeError(f"save_case: loss must be a function or a module, got {type(loss).__name__}")
    calls, values = [], []
    thread, depth = threading.get_ident(), [0]
    originals = {name: getattr(F, name) for name in LOSSES}

    def recorder(name, original):
        def call(*args, **kwargs):
            if threading.get_ident() != thread:
                return original(*args, **kwargs)
            if depth[0] == 0:
                calls.append((name, _by_name(original, args, kwargs)))
            depth[0] += 1
            try:
                value = original(*args, **kwargs)
            finally:
                depth[0] -= 1
            if depth[0] == 0:
                values.append(value)
            return value

        return call

    try:
        for name, original in originals.items():
            setattr(F, name, recorder(name, original))
        result = loss(*args, **kwargs)
    finally:
        for name, original in originals.items():
            setattr(F, name, original)
    if len(calls) != 1:
        raise TypeError(
            f"save_case: {loss!r} calls {len(calls)} loss functions of torch.nn.functional, where one can be saved"
        )
    if result is not values[0]:
        raise TypeError(
            f"save_case: {loss!r} goes on computing with the value of {calls[0][0]}, and a case holds that call alone; "
            "record_run of torch_losses_run.py records such a loss"
        )
    return calls[0]


def _by_name(function, args, kwargs):
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


def _plain(key, value):
    """Returns an option as JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(key, item) for item in value]
    if type(value).__name__ == "LinearCrossEntropyOptions":
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {"LinearCrossEntropyOptions": {name: _plain(name, field) for name, field in fields.items()}}
    if type(value) is torch.nn.PairwiseDistance:
        return {"PairwiseDistance": {"p": value.norm, "eps": value.eps, "keepdim": value.keepdim}}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    raise TypeError(f"save_case: {key} is a {type(value).__name__}, which the file cannot hold")


def _write(path, tensors, texts):
    """Writes the safetensors format: the length of a JSON header, the header, and the bytes of the tensors."""
    header, chunks, end = {"__metadata__": texts}, [], 0
    for name, tensor in tensors.items():
        if tensor.dtype not in DTYPES:
            raise TypeError(f"save_case: {name} is of {tensor.dtype}, which the safetensors format does not support")
        plain = tensor.resolve_conj().resolve_neg().cpu().contiguous()
        size = plain.numel() * plain.element_size()
        chunks.append(ctypes.string_at(plain.data_ptr(), size) if size else b"")
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        file.writelines(chunks)
