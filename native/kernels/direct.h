// Losses, means and sums by shorter ways than libtorch's own: in one pass (single_pass.h), by rows
// side by side (margins.h), or put together from its kernels, where its way around them costs more
// than the arithmetic. The bits are the same, and so are the functions that autograd records.
//
// libtorch's kernel of a mean divides the sum as it would divide a large tensor: through a tensor
// of one number, the dispatcher and TensorIterator, which takes longer than 320 squared errors and
// their sum. Some losses then copy the mean into a tensor made for all elements, whose memory a
// loss that is kept would keep.
//
// That holds for dense CPU tensors of float or double that nothing but autograd looks at; for all
// others (another device, half precision, autocast, ...) each function is the one of its name in
// libtorch. `reduction` is a number of at::Reduction.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "kernels/ctc.h"

namespace torch_losses::direct {

at::Tensor mean(const at::Tensor& self);

at::Tensor sum(const at::Tensor& self);

// The gradient of a mean over all elements of a tensor of `sizes`, from a plain one.
at::Tensor mean_backward(const at::Tensor& gradient, at::IntArrayRef sizes);

at::Tensor mse_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction);

at::Tensor smooth_l1_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                          double beta);

at::Tensor huber_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                      double delta);

at::Tensor soft_margin_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction);

at::Tensor binary_cross_entropy(const at::Tensor& self, const at::Tensor& target,
                                const std::optional<at::Tensor>& weight, int64_t reduction);

at::Tensor binary_cross_entropy_with_logits(const at::Tensor& self, const at::Tensor& target,
                                            const std::optional<at::Tensor>& weight,
                                            const std::optional<at::Tensor>& pos_weight,
                                            int64_t reduction);

// Of what ctc::takes.
at::Tensor ctc_loss(const ctc::Problem& problem, int64_t reduction);

at::Tensor cross_entropy_loss(const at::Tensor& self, const at::Tensor& target,
                              const std::optional<at::Tensor>& weight, int64_t reduction,
                              int64_t ignore_index, double label_smoothing);

at::Tensor multi_margin_loss(const at::Tensor& self, const at::Tensor& target, int64_t p,
                             double margin, const std::optional<at::Tensor>& weight,
                             int64_t reduction);

at::Tensor multilabel_margin_loss(const at::Tensor& self, const at::Tensor& target,
                                  int64_t reduction);

// What libtorch puts together from operators: direct_composites.cc.

at::Tensor l1_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction);

at::Tensor kl_div(const at::Tensor& self, const at::Tensor& target, bool log_target,
                  int64_t reduction);

at::Tensor poisson_nll_loss(const at::Tensor& self, const at::Tensor& target, bool log_input,
                            bool full, double eps, int64_t reduction);

// A copy of at least `min`, to which the gradient passes unchanged, and whether `self` has a
// negative number.
std::pair<at::Tensor, bool> clamped_copy(const at::Tensor& self, double min);

// Of a variance that is no longer to be clamped, without the constant term.
at::Tensor gaussian_nll_loss(const at::Tensor& self, const at::Tensor& target,
                             const at::Tensor& variance, int64_t reduction);

at::Tensor margin_ranking_loss(const at::Tensor& input1, const at::Tensor& input2,
                               const at::Tensor& target, double margin, int64_t reduction);

at::Tensor hinge_embedding_loss(const at::Tensor& self, const at::Tensor& target, double margin,
                                int64_t reduction);

// Not yet reduced.

at::Tensor cosine_embedding_loss(const at::Tensor& input1, const at::Tensor& input2,
                                 const at::Tensor& target, double margin);

at::Tensor triplet_margin_loss(const at::Tensor& anchor, const at::Tensor& positive,
                               const at::Tensor& negative, double margin, double p, double eps,
                               bool swap);

at::Tensor pairwise_distance(const at::Tensor& left, const at::Tensor& right, double p, double eps,
                             bool keepdim);

}  // namespace torch_losses::direct
