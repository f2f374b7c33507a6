#include "losses/ctc_targets.h"

#include <algorithm>

namespace torch_losses::ctc_targets {
namespace {

bool is_integer(const at::Tensor& tensor) {
  return at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false);
}

}  // namespace

std::optional<int64_t> first_out_of_range(const at::Tensor& log_probs, const at::Tensor& targets,
                                          at::IntArrayRef target_lengths) {
  const bool is_checked = targets.is_cpu() && log_probs.dim() >= 2 &&
                          (targets.dim() == 1 || targets.dim() == 2) && is_integer(targets);
  if (!is_checked) return std::nullopt;
  const bool is_long = targets.scalar_type() == at::kLong;
  const at::Tensor labels = (is_long ? targets : targets.to(at::kLong)).contiguous();
  const auto* data = labels.const_data_ptr<int64_t>();
  const bool is_padded = labels.dim() == 2;
  const int64_t stride = is_padded ? labels.size(1) : 0;
  int64_t start = 0;
  for (const int64_t length : target_lengths) {
    // libtorch refuses lengths that are too large later. Bounded lengths have a sum that cannot
    // overflow.
    const int64_t used = std::min(length, is_padded ? stride : labels.numel());
    const int64_t end = start + used;
    for (int64_t i = start; i < std::min(end, labels.numel()); i++) {
      if (data[i] < 0 || data[i] >= log_probs.size(-1)) return data[i];
    }
    start = is_padded ? start + stride : std::max(start, end);
  }
  return std::nullopt;
}

void check(const at::Tensor& log_probs, const at::Tensor& targets, at::IntArrayRef target_lengths) {
  const auto target = first_out_of_range(log_probs, targets, target_lengths);
  TORCH_CHECK_INDEX(!target, "ctc_loss(): target ", *target,
                    " is out of bounds: targets must be at least 0 and less than ",
                    log_probs.size(-1));
}

std::vector<int64_t> list_of(const at::Tensor& lengths) {
  if (!is_integer(lengths)) return {};
  const at::Tensor list = lengths.to(at::kCPU, at::kLong).contiguous();
  const auto* data = list.const_data_ptr<int64_t>();
  return {data, data + list.numel()};
}

}  // namespace torch_losses::ctc_targets
