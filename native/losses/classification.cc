// Losses of scores or probabilities against classes, labels or distributions.
// Source: torch/nn/functional.py of torch 2.13, lines 3094-3238, 3395-3697, 4418-4559, 4609-4669.
#include <ATen/ops/add.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ctc_loss.h>
#include <ATen/ops/div.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/multi_margin_loss.h>
#include <ATen/ops/multilabel_margin_loss.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/nll_loss_nd.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/soft_margin_loss.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <c10/util/DimVector.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "bindings/python.h"
#include "bindings/warnings.h"
#include "losses/ctc_targets.h"
#include "losses/losses.h"
#include "losses/snapshot.h"
#include "losses/targets.h"

// C++ may evaluate the operands of a call in any order, and autograd sums gradients in the order in
// which operations were recorded. So an operand that is itself a tensor expression gets a name.

namespace torch_losses::losses {
namespace {

using c10::DimVector;

// Returns the number of classes for class indices of this shape, or nothing if libtorch refuses it.
std::optional<int64_t> classes_of(const at::Tensor& input, const at::Tensor& target) {
  if (input.dim() == 0 || target.dim() != input.dim() - 1) return std::nullopt;
  const int64_t classes = input.size(input.dim() == 1 ? 0 : 1);
  if (target.numel() * classes != input.numel()) return std::nullopt;
  return classes;
}

void check_targets(const at::Tensor& input, const at::Tensor& target, int64_t ignored) {
  // libtorch does not check the devices of meta tensors.
  TORCH_CHECK(input.is_meta() == target.is_meta(), "Tensor on device ", input.device(),
              " is not on the expected device ", target.device(), "!");
  if (auto classes = classes_of(input, target)) targets::check_classes(target, *classes, ignored);
}

// Returns the loss, which is NaN if it is the mean or sum of no rows: libtorch leaves that
// uninitialised, except in deterministic mode, which makes it NaN.
at::Tensor nan_without_rows(at::Tensor loss, const at::Tensor& input) {
  if (loss.dim() > 0 || input.numel() > 0) return loss;
  const c10::NoGradGuard no_grad;
  return loss.fill_(std::numeric_limits<double>::quiet_NaN());
}

int64_t kl_div_enum(const Reduction& reduction) {
  if (reduction.legacy) return get_enum(legacy_get_string(reduction));
  if (reduction == "mean") {
    warn({WarningCategory::User, WarningOrigin::Caller,
          "reduction: 'mean' divides the total loss by both the batch size and the support size."
          "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
          "'mean' will be changed to behave the same as 'batchmean' in the next major release."});
  }
  return get_enum(reduction == "batchmean" ? std::string_view("sum") : reduction.text);
}

// Returns torch.broadcast_shapes. at::infer_size has other error messages.
DimVector broadcast_shapes(at::IntArrayRef first, at::IntArrayRef second) {
  DimVector common(std::max(first.size(), second.size()), 1);
  std::copy(first.begin(), first.end(), common.end() - first.size());
  for (size_t back = 1; back <= second.size(); ++back) {
    const int64_t size = second[second.size() - back];
    int64_t& common_size = common[common.size() - back];
    if (common_size == 1) common_size = size;
    TORCH_CHECK(size == common_size || size == 1, "Attempting to broadcast a dimension of length ",
                size, " at -", back, "! Mismatching argument at index 1 had ",
                python::repr_size(second), "; but expected shape should be broadcastable to ",
                at::IntArrayRef(common));
  }
  return common;
}

// Computes the loss of targets and lengths that nobody else can change. `Lengths` is a tensor or a
// list.
template <typename Lengths>
at::Tensor ctc_loss_of(const at::Tensor& log_probs, const at::Tensor& targets,
                       const Lengths& input_lengths, const Lengths& target_lengths, int64_t blank,
                       int64_t mode, bool zero_infinity) {
  const auto compute = [&](const at::Tensor& classes) {
    return at::ctc_loss(log_probs, classes, input_lengths, target_lengths, blank, mode,
                        zero_infinity);
  };
  // Targets on another device are not checked, because reading them would wait for the device.
  if (!log_probs.is_cpu() && !targets::are_checked(log_probs)) return compute(targets);
  const at::Tensor known = log_probs.is_cpu() ? targets : targets.cpu();
  const auto& lengths = ctc_targets::list_of(target_lengths);
  if (ctc_targets::first_out_of_range(log_probs, known, lengths)) {
    compute(at::zeros_like(targets));  // throws libtorch's error for what else is wrong
    ctc_targets::check(log_probs, known, lengths);
  }
  return compute(targets);
}

}  // namespace

at::Tensor ctc_loss(const at::Tensor& log_probs, const at::Tensor& targets,
                    const Lengths& input_lengths, const Lengths& target_lengths, int64_t blank,
                    const Reduction& reduction, bool zero_infinity) {
  const int64_t mode = get_enum(reduction.text);
  TORCH_CHECK_TYPE(input_lengths.index() == target_lengths.index(),
                   "ctc_loss(): input_lengths and target_lengths must be both tensors or both "
                   "lists of integers, but one is a tensor and one a list");
  return std::visit(
      [&](const auto& lengths) {
        using Same = std::decay_t<decltype(lengths)>;
        return ctc_loss_of<Same>(log_probs, snapshot_of(targets), snapshot_of(lengths),
                                 snapshot_of(std::get<Same>(target_lengths)), blank, mode,
                                 zero_infinity);
      },
      input_lengths);
}

at::Tensor nll_loss(const at::Tensor& input, const at::Tensor& target, const OptionalTensor& weight,
                    int64_t ignore_index, const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  check_targets(input, target, ignore_index);
  return at::nll_loss_nd(input, target, weight, mode, ignore_index);
}

at::Tensor kl_div(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                  bool log_target) {
  const int64_t mode = kl_div_enum(reduction);
  const at::Tensor reduced = at::kl_div(input, target, mode, log_target);
  // Python checks `reduction` even if a deprecated argument overrides it.
  const bool divides_by_batch = reduction == "batchmean" && input.dim() != 0;
  return divides_by_batch ? at::div(reduced, python::wrapped(input.size(0))) : reduced;
}

at::Tensor cross_entropy(const at::Tensor& input, const at::Tensor& target,
                         const OptionalTensor& weight, int64_t ignore_index,
                         const Reduction& reduction, double label_smoothing) {
  const int64_t mode = get_enum(resolve(reduction));
  check_targets(input, target, ignore_index);
  return at::cross_entropy_loss(input, target, weight, mode, ignore_index, label_smoothing);
}

at::Tensor binary_cross_entropy(const at::Tensor& input, const at::Tensor& target,
                                const OptionalTensor& weight, const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  TORCH_CHECK_VALUE(target.sizes() == input.sizes(), "Using a target size (",
                    python::repr_size(target.sizes()), ") that is different to the input size (",
                    python::repr_size(input.sizes()),
                    ") is deprecated. Please ensure they have the same size.");
  OptionalTensor expanded;
  if (weight) expanded = weight->expand(broadcast_shapes(target.sizes(), weight->sizes()));
  return at::binary_cross_entropy(input, target, expanded, mode);
}

at::Tensor binary_cross_entropy_with_logits(const at::Tensor& input, const at::Tensor& target,
                                            const OptionalTensor& weight,
                                            const Reduction& reduction,
                                            const OptionalTensor& pos_weight) {
  const int64_t mode = get_enum(resolve(reduction));
  TORCH_CHECK_VALUE(target.sizes() == input.sizes(), "Target size (",
                    python::repr_size(target.sizes()), ") must be the same as input size (",
                    python::repr_size(input.sizes()), ")");
  return at::binary_cross_entropy_with_logits(input, target, weight, pos_weight, mode);
}

at::Tensor multilabel_margin_loss(const at::Tensor& input, const at::Tensor& target,
                                  const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  if (input.dim() > 0 && target.sizes() == input.sizes()) {
    targets::check_labels(target, input.size(-1));
  }
  return nan_without_rows(at::multilabel_margin_loss(input, snapshot_of(target), mode), input);
}

at::Tensor soft_margin_loss(const at::Tensor& input, const at::Tensor& target,
                            const Reduction& reduction) {
  return at::soft_margin_loss(input, target, get_enum(resolve(reduction)));
}

at::Tensor multilabel_soft_margin_loss(const at::Tensor& input, const at::Tensor& target,
                                       const OptionalTensor& weight, const Reduction& reduction) {
  const std::string mode = resolve(reduction);
  const at::Tensor present = at::mul(target, at::log_sigmoid(input));
  const at::Tensor absence = at::rsub(target, 1);
  const at::Tensor absent = at::mul(absence, at::log_sigmoid(at::neg(input)));
  at::Tensor loss = at::neg(at::add(present, absent));
  if (weight) loss = at::mul(loss, *weight);

  const int64_t class_dim = input.dim() - 1;
  const int64_t classes = input.size(class_dim);
  loss = at::div(at::sum(loss, class_dim), python::wrapped(classes));
  TORCH_CHECK_VALUE(is_mean_sum_or_none(mode), mode, " is not valid");
  return reduce(loss, mode);
}

at::Tensor multi_margin_loss(const at::Tensor& input, const at::Tensor& target, int64_t p,
                             double margin, const OptionalTensor& weight,
                             const Reduction& reduction) {
  const int64_t mode = get_enum(resolve(reduction));
  TORCH_CHECK_VALUE(p == 1 || p == 2, "only p == 1 and p == 2 supported");
  TORCH_CHECK_VALUE(!weight || weight->dim() == 1, "weight must be one-dimensional");
  if (input.dim() > 0 && target.dim() <= 1) {
    targets::check_margin_classes(target, input.size(-1));
  }
  return nan_without_rows(at::multi_margin_loss(input, target, p, margin, weight, mode), input);
}

}  // namespace torch_losses::losses
