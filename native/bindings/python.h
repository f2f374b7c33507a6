// Python's arithmetic and Python's way of writing values, for ports of Python code.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

namespace torch_losses::python {

// A number beside a tensor, as `0.5 * t` has it: a 0-d tensor that does not decide the result's
// dtype. With it add, sub, mul and div record Python's nodes (at::mul(t, 0.5) is `MulBackward1`).
at::Tensor wrapped(const at::Scalar& number);

// repr(float): `1.0`, `1e-06`, `1e+16`, `inf`.
std::string repr(double value);

// repr(str): `'mean'`, `"it's"`.
std::string repr_string(std::string_view text);

// repr(torch.Size): `torch.Size([3, 5])`.
std::string repr_size(at::IntArrayRef sizes);

// repr(tuple) of ints: `(3, 5)`, `(3,)`, `()`.
std::string repr_tuple(at::IntArrayRef values);

}  // namespace torch_losses::python
