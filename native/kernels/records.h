// What autograd records of an operator: its function, with what that saves, made the history of the
// result. Nothing where no gradient is asked for.
//
// The result may be a shell: of the right sizes and dtype, but without numbers. It stands for a
// step whose numbers nobody reads, on the way to a loss that was computed in one pass.
//
// Source: tools/autograd/derivatives.yaml.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace torch_losses::records {

at::Tensor shell(const at::Tensor& like);

void abs(const at::Tensor& result, const at::Tensor& self);
void neg(const at::Tensor& result, const at::Tensor& self);
void square(const at::Tensor& result, const at::Tensor& self);
void sqrt(const at::Tensor& result, const at::Tensor& self);
void clamp_min(const at::Tensor& result, const at::Tensor& self, int64_t min);
void add(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other);
void sub(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other);
void mul(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other);
void div(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other);
// Of a number that is a Scalar to libtorch, not a tensor.
void add_scalar(const at::Tensor& result, const at::Tensor& self);
void sub_scalar(const at::Tensor& result, const at::Tensor& self);
// `other` is a constant.
void where(const at::Tensor& result, const at::Tensor& condition, const at::Tensor& self);
void sum(const at::Tensor& result, const at::Tensor& self, int64_t dim);
// The sum or the mean of all elements, by a number of at::Reduction.
void reduction(const at::Tensor& result, const at::Tensor& self, int64_t reduction);
void log_softmax(const at::Tensor& result, const at::Tensor& self, int64_t dim);
void nll_loss(const at::Tensor& result, const at::Tensor& self, const at::Tensor& target,
              const std::optional<at::Tensor>& weight, int64_t reduction, int64_t ignore_index,
              const at::Tensor& total_weight);
void ctc_loss(const at::Tensor& result, const at::Tensor& log_probs, const at::Tensor& targets,
              at::IntArrayRef input_lengths, at::IntArrayRef target_lengths, int64_t blank,
              bool zero_infinity, const at::Tensor& log_alpha);
void norm(const at::Tensor& result, const at::Tensor& self, double p, int64_t dim);

}  // namespace torch_losses::records
