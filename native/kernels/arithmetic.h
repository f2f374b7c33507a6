// Arithmetic for losses that are put together from ten small steps.
//
// libtorch takes a microsecond for the difference of two tensors of 320 numbers: to dispatch it, to
// plan its iteration, to record it. Here that of small tensors is a loop: of those operations alone
// that IEEE 754 leaves no choice of bits. (The others, `sqrt` by MKL among them, `sum` and `norm`,
// are libtorch's kernels.) What is recorded is what libtorch records, the function of that name.
// All else, large tensors too, is libtorch's function of that name.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "kernels/plain.h"

namespace torch_losses::arithmetic {

// Elements: beyond, libtorch's threads and wider instructions gain more than its way costs.
constexpr int64_t kSmall = 4096;

// Whether these are operands for loops: small plain tensors of one shape.
template <typename... Tensors>
bool is_small(const at::Tensor& self, const Tensors&... others) {
  return plain::is_plain(self, others...) && self.numel() <= kSmall && self.is_contiguous() &&
         ((others.is_contiguous() && others.sizes() == self.sizes()) && ...);
}

// A number beside a tensor, as Python has it: python::wrapped. A plain `double` is that of the
// overloads for a Scalar, whose functions have other names.
struct Number {
  at::Scalar value;
};

at::Tensor abs(const at::Tensor& self);
at::Tensor neg(const at::Tensor& self);
at::Tensor square(const at::Tensor& self);  // pow(self, 2)
at::Tensor sqrt(const at::Tensor& self);
at::Tensor clamp_min(const at::Tensor& self, int64_t min);

at::Tensor add(const at::Tensor& self, const at::Tensor& other);
at::Tensor add(const at::Tensor& self, Number other);
at::Tensor add(const at::Tensor& self, double other);
at::Tensor sub(const at::Tensor& self, const at::Tensor& other);
at::Tensor sub(Number self, const at::Tensor& other);
at::Tensor sub(const at::Tensor& self, double other);
at::Tensor mul(const at::Tensor& self, const at::Tensor& other);
at::Tensor mul(const at::Tensor& self, Number other);
at::Tensor div(const at::Tensor& self, const at::Tensor& other);
at::Tensor div(const at::Tensor& self, Number other);

// `self` where the condition, of its shape, holds, else 0.
at::Tensor where(const at::Tensor& condition, const at::Tensor& self);

// What records nothing, and takes plain tensors.

void clamp_min_(at::Tensor& self, double min);
bool any_negative(const at::Tensor& self);
at::Tensor eq(const at::Tensor& self, int64_t other);
at::Tensor ne(const at::Tensor& self, int64_t other);
at::Tensor ge(const at::Tensor& self, int64_t other);
at::Tensor gt(const at::Tensor& self, int64_t other);
// -1, 0 or 1.
at::Tensor sgn(const at::Tensor& self);
// A view of these sizes: those of `self` and one more at `dim`, or any from a single number.
at::Tensor expand(const at::Tensor& self, at::IntArrayRef sizes, std::optional<int64_t> dim);
// What is small and such a view, copied as the kernels of one operand lay their results out; else
// `self`.
at::Tensor dense(const at::Tensor& self);

// Along one dimension.
at::Tensor sum(const at::Tensor& self, int64_t dim);
at::Tensor norm(const at::Tensor& self, double p, int64_t dim);

}  // namespace torch_losses::arithmetic
