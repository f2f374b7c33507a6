// Losses summed up in a single pass over their operands, with the bits that libtorch gets by going
// from operator to operator, each of which reads and writes memory for all elements.
//
// Operands are dense tensors (is_dense). The result is a tensor of one number, or undefined where
// libtorch is to compute it: where the sum is NaN, whose sign and payload IEEE 754 leaves open.
// Nothing is recorded; what a backward pass needs is written to the tensors that are asked for.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

#include "kernels/plain.h"

namespace torch_losses::single_pass {

// Whether sums of so many elements come out as libtorch's: as the order may change with its
// kernels, some are compared, once.
bool is_verified(int64_t elements);

// Whether these are operands: contiguous plain tensors of one shape.
template <typename... Tensors>
bool is_dense(const at::Tensor& self, const Tensors&... others) {
  return plain::is_plain(self, others...) && self.is_contiguous() &&
         ((others.is_contiguous() && others.sizes() == self.sizes()) && ...) &&
         is_verified(self.numel());
}

// Not to be written where null.
using Written = at::Tensor*;

at::Tensor sum(const at::Tensor& self);

// The same tensor, divided by the number of elements where the reduction is the mean's.
at::Tensor reduced(at::Tensor sum, int64_t elements, int64_t reduction);

at::Tensor squared_error(const at::Tensor& self, const at::Tensor& target);
at::Tensor smooth_l1(const at::Tensor& self, const at::Tensor& target, double beta);
at::Tensor huber(const at::Tensor& self, const at::Tensor& target, double delta);
at::Tensor absolute_error(const at::Tensor& self, const at::Tensor& target, Written difference);
// The sum of `self - factor * other`.
at::Tensor less_product(const at::Tensor& self, const at::Tensor& factor, const at::Tensor& other);
at::Tensor margin_ranking(const at::Tensor& input1, const at::Tensor& input2,
                          const at::Tensor& target, double margin, Written sign, Written difference,
                          Written shifted);
at::Tensor hinge_embedding(const at::Tensor& self, const at::Tensor& target, double margin,
                           Written shifted, Written is_unlike, Written is_alike);
at::Tensor gaussian_nll(const at::Tensor& self, const at::Tensor& target,
                        const at::Tensor& variance, const at::Tensor& log_variance, Written error,
                        Written squared_error);

// `left - right + shift`; undefined where one is NaN.
at::Tensor shifted_difference(const at::Tensor& left, const at::Tensor& right, double shift);

// A copy of at least `min`, and whether there was a negative number.
std::pair<at::Tensor, bool> clamped_copy(const at::Tensor& self, double min);

// The sum of each row of the product, of two dimensions.
at::Tensor sums_of_products(const at::Tensor& self, const at::Tensor& other);

}  // namespace torch_losses::single_pass
