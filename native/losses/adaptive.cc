// The loss of the adaptive softmax. Source: AdaptiveLogSoftmaxWithLoss.forward of
// torch/nn/modules/adaptive.py of torch 2.13; its checks of shapes are in lib/.
#include <ATen/ops/index.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>

#include <string>

#include "bindings/python.h"
#include "losses/losses.h"

namespace torch_losses::losses {
namespace {

std::string item_text(const at::Tensor& value) {
  const at::Scalar number = value.item();
  return number.isIntegral(true) ? std::to_string(number.toLong())
                                 : python::repr(number.toDouble());
}

// x[mask]
at::Tensor elements_at(const at::Tensor& tensor, const at::Tensor& mask) {
  return at::index(tensor, {mask});
}

}  // namespace

std::vector<at::Tensor> adaptive_log_softmax_with_loss(
    const at::Tensor& input, const at::Tensor& target, const at::Tensor& head_weight,
    const OptionalTensor& head_bias, const std::vector<at::Tensor>& tail,
    const std::vector<int64_t>& cutoffs, int64_t shortlist_size) {
  TORCH_CHECK(cutoffs.size() >= 1 && tail.size() == 2 * (cutoffs.size() - 1),
              "adaptive_log_softmax_with_loss: expected two weights for each cluster");
  const int64_t batch_size = target.size(0);
  at::Tensor output = input.new_zeros({batch_size});
  at::Tensor gather_indices = target.new_empty({batch_size});
  int64_t used_rows = 0;
  int64_t low = 0;
  for (size_t index = 0; index < cutoffs.size(); low = cutoffs[index++]) {
    const at::Tensor mask = target.ge(low).bitwise_and(target.lt(cutoffs[index]));
    const at::Tensor rows = mask.nonzero().squeeze();
    if (rows.numel() == 0) continue;
    if (index == 0) {
      gather_indices.index_copy_(0, rows, elements_at(target, mask));
    } else {
      const at::Tensor relative = elements_at(target, mask).sub(low);
      const at::Tensor hidden = at::linear(input.index_select(0, rows), tail[2 * index - 2]);
      const at::Tensor scores = at::linear(hidden, tail[2 * index - 1]);
      gather_indices.index_fill_(0, rows, shortlist_size + static_cast<int64_t>(index) - 1);
      const at::Tensor log_probability =
          at::log_softmax(scores, 1).gather(1, relative.unsqueeze(1));
      output.index_copy_(0, rows, log_probability.squeeze(1));
    }
    used_rows += rows.numel();
  }
  TORCH_CHECK(used_rows == batch_size, "Target values should be in [0, ", cutoffs.back() - 1,
              "], but values in range [", item_text(target.min()), ", ", item_text(target.max()),
              "] were found. ");
  const at::Tensor head = at::log_softmax(at::linear(input, head_weight, head_bias), 1);
  output.add_(head.gather(1, gather_indices.unsqueeze(1)).squeeze());
  return {output, output.neg().mean()};
}

}  // namespace torch_losses::losses
