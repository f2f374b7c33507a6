// Losses of embeddings and of their scores. Source: torch/nn/functional.py of torch 2.13, lines
// 4323-4415, 4562-4606 and 5951-6067.
#include <ATen/ops/add.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/cosine_embedding_loss.h>
#include <ATen/ops/hinge_embedding_loss.h>
#include <ATen/ops/margin_ranking_loss.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/pairwise_distance.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/triplet_margin_loss.h>

#include "bindings/python.h"
#include "losses/losses.h"

namespace torch_losses::losses {
namespace {

void check_margin(double margin) {
  TORCH_CHECK_VALUE(!(margin <= 0), "margin must be greater than 0, got ", python::repr(margin));
}

// Computes triplet_margin_with_distance_loss. `distance` takes two tensors.
template <typename Distance>
at::Tensor triplet_margin_of(Distance distance, const at::Tensor& anchor,
                             const at::Tensor& positive, const at::Tensor& negative, double margin,
                             bool swap, const Reduction& reduction) {
  TORCH_CHECK_VALUE(is_mean_sum_or_none(reduction.text), reduction.text,
                    " is not a valid value for reduction");
  check_margin(margin);
  TORCH_CHECK(anchor.dim() == positive.dim() && positive.dim() == negative.dim(),
              "The anchor, positive, and negative tensors are expected to have the same number of "
              "dimensions, but got: anchor ",
              anchor.dim(), "D, positive ", positive.dim(), "D, and negative ", negative.dim(),
              "D inputs");

  const at::Tensor to_positive = distance(anchor, positive);
  at::Tensor to_negative = distance(anchor, negative);
  // The swap of Balntas et al.: if the positive example is nearer to the negative one than the
  // anchor is, its distance is used.
  if (swap) to_negative = at::minimum(to_negative, distance(positive, negative));
  const at::Tensor raised = at::add(to_positive, python::wrapped(margin));
  return reduce(at::clamp_min(at::sub(raised, to_negative), 0), reduction.text);
}

}  // namespace

at::Tensor margin_ranking_loss(const at::Tensor& input1, const at::Tensor& input2,
                               const at::Tensor& target, double margin,
                               const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  TORCH_CHECK(input1.dim() == input2.dim() && input1.dim() == target.dim(),
              "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
              "input1: ",
              python::repr_size(input1.sizes()), ", input2: ", python::repr_size(input2.sizes()),
              ", target: ", python::repr_size(target.sizes()), " ");
  return at::margin_ranking_loss(input1, input2, target, margin, mode);
}

at::Tensor hinge_embedding_loss(const at::Tensor& input, const at::Tensor& target, double margin,
                                const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  return at::hinge_embedding_loss(input, target, margin, mode);
}

at::Tensor cosine_embedding_loss(const at::Tensor& input1, const at::Tensor& input2,
                                 const at::Tensor& target, double margin,
                                 const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  return at::cosine_embedding_loss(input1, input2, target, margin, mode);
}

at::Tensor triplet_margin_loss(const at::Tensor& anchor, const at::Tensor& positive,
                               const at::Tensor& negative, double margin, double p, double eps,
                               bool swap, const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  check_margin(margin);
  return at::triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, mode);
}

at::Tensor triplet_margin_with_distance_loss(const at::Tensor& anchor, const at::Tensor& positive,
                                             const at::Tensor& negative,
                                             const DistanceFunction& distance_function,
                                             double margin, bool swap, const Reduction& reduction) {
  return triplet_margin_of(distance_function, anchor, positive, negative, margin, swap, reduction);
}

at::Tensor triplet_margin_with_pairwise_distance_loss(const at::Tensor& anchor,
                                                      const at::Tensor& positive,
                                                      const at::Tensor& negative, double p,
                                                      double eps, bool keepdim, double margin,
                                                      bool swap, const Reduction& reduction) {
  const auto distance = [&](const at::Tensor& left, const at::Tensor& right) {
    return at::pairwise_distance(left, right, p, eps, keepdim);
  };
  return triplet_margin_of(distance, anchor, positive, negative, margin, swap, reduction);
}

}  // namespace torch_losses::losses
