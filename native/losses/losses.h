// Every loss function of torch.nn.functional, check for check and operation for operation, so that
// values, gradients and `grad_fn` are Python's.
// Source: torch/nn/functional.py of torch 2.13. Each file of definitions follows its order.
//
// Parameters: the required ones, then Python's others in Python's order; `size_average` and
// `reduce` travel in Reduction. Shapes, units and defaults are documented where they are decided,
// in lib/nn/functional.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "losses/linear_cross_entropy_options.h"
#include "losses/reduction.h"

namespace torch_losses::losses {

using OptionalTensor = std::optional<at::Tensor>;
// Lists call another overload of ctc_loss than tensors, which has other kernels on CUDA.
using Lengths = std::variant<at::Tensor, std::vector<int64_t>>;
using Variance = std::variant<at::Tensor, double>;
using DistanceFunction = std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>;

// Regression: regression.cc

at::Tensor poisson_nll_loss(const at::Tensor& input, const at::Tensor& target, bool log_input,
                            bool full, double eps, const Reduction& reduction);

at::Tensor gaussian_nll_loss(const at::Tensor& input, const at::Tensor& target, const Variance& var,
                             bool full, double eps, const Reduction& reduction);

at::Tensor smooth_l1_loss(const at::Tensor& input, const at::Tensor& target,
                          const Reduction& reduction, double beta);

at::Tensor huber_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                      double delta, const OptionalTensor& weight);

at::Tensor l1_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                   const OptionalTensor& weight);

at::Tensor mse_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                    const OptionalTensor& weight);

// Classification: classification.cc

at::Tensor ctc_loss(const at::Tensor& log_probs, const at::Tensor& targets,
                    const Lengths& input_lengths, const Lengths& target_lengths, int64_t blank,
                    const Reduction& reduction, bool zero_infinity);

at::Tensor nll_loss(const at::Tensor& input, const at::Tensor& target, const OptionalTensor& weight,
                    int64_t ignore_index, const Reduction& reduction);

at::Tensor kl_div(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                  bool log_target);

at::Tensor cross_entropy(const at::Tensor& input, const at::Tensor& target,
                         const OptionalTensor& weight, int64_t ignore_index,
                         const Reduction& reduction, double label_smoothing);

at::Tensor binary_cross_entropy(const at::Tensor& input, const at::Tensor& target,
                                const OptionalTensor& weight, const Reduction& reduction);

at::Tensor binary_cross_entropy_with_logits(const at::Tensor& input, const at::Tensor& target,
                                            const OptionalTensor& weight,
                                            const Reduction& reduction,
                                            const OptionalTensor& pos_weight);

at::Tensor multilabel_margin_loss(const at::Tensor& input, const at::Tensor& target,
                                  const Reduction& reduction);

at::Tensor soft_margin_loss(const at::Tensor& input, const at::Tensor& target,
                            const Reduction& reduction);

at::Tensor multilabel_soft_margin_loss(const at::Tensor& input, const at::Tensor& target,
                                       const OptionalTensor& weight, const Reduction& reduction);

at::Tensor multi_margin_loss(const at::Tensor& input, const at::Tensor& target, int64_t p,
                             double margin, const OptionalTensor& weight,
                             const Reduction& reduction);

// With a linear layer: linear.cc

at::Tensor linear_cross_entropy(const at::Tensor& input, const at::Tensor& linear_weight,
                                const at::Tensor& target, const OptionalTensor& linear_bias,
                                const OptionalTensor& weight, const Reduction& reduction,
                                std::optional<int64_t> ignore_index, double label_smoothing,
                                const std::optional<LinearCrossEntropyOptions>& options);

// Of many classes, by clusters: adaptive.cc

// Takes a batch only. `tail` has the two weights of each cluster, and `cutoffs` ends with the
// number of classes. Returns the output and the loss.
std::vector<at::Tensor> adaptive_log_softmax_with_loss(
    const at::Tensor& input, const at::Tensor& target, const at::Tensor& head_weight,
    const OptionalTensor& head_bias, const std::vector<at::Tensor>& tail,
    const std::vector<int64_t>& cutoffs, int64_t shortlist_size);

// Embeddings: embedding.cc

at::Tensor margin_ranking_loss(const at::Tensor& input1, const at::Tensor& input2,
                               const at::Tensor& target, double margin, const Reduction& reduction);

at::Tensor hinge_embedding_loss(const at::Tensor& input, const at::Tensor& target, double margin,
                                const Reduction& reduction);

at::Tensor cosine_embedding_loss(const at::Tensor& input1, const at::Tensor& input2,
                                 const at::Tensor& target, double margin,
                                 const Reduction& reduction);

at::Tensor triplet_margin_loss(const at::Tensor& anchor, const at::Tensor& positive,
                               const at::Tensor& negative, double margin, double p, double eps,
                               bool swap, const Reduction& reduction);

at::Tensor triplet_margin_with_distance_loss(const at::Tensor& anchor, const at::Tensor& positive,
                                             const at::Tensor& negative,
                                             const DistanceFunction& distance_function,
                                             double margin, bool swap, const Reduction& reduction);

// Computes triplet_margin_with_distance_loss with torch.pairwise_distance, without a call into
// JavaScript.
at::Tensor triplet_margin_with_pairwise_distance_loss(const at::Tensor& anchor,
                                                      const at::Tensor& positive,
                                                      const at::Tensor& negative, double p,
                                                      double eps, bool keepdim, double margin,
                                                      bool swap, const Reduction& reduction);

}  // namespace torch_losses::losses
