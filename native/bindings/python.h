// Python's arithmetic and `repr`, for code ported from Python.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

namespace torch_losses::python {

// Returns a number as Python wraps it in `0.5 * t`: a 0-d tensor that does not decide the result's
// dtype. With it, add, sub, mul and div record the same nodes as Python: `MulBackward0`, where
// at::mul(t, 0.5) records `MulBackward1`.
at::Tensor wrapped(const at::Scalar& number);

// Returns repr(float): `1.0`, `1e-06`, `1e+16`, `inf`.
std::string repr(double value);

// Returns repr(str): `'mean'`, `"it's"`.
std::string repr_string(std::string_view text);

// Returns repr(torch.Size): `torch.Size([3, 5])`.
std::string repr_size(at::IntArrayRef sizes);

// Returns repr of a tuple of ints: `(3, 5)`, `(3,)`, `()`.
std::string repr_tuple(at::IntArrayRef values);

}  // namespace torch_losses::python
