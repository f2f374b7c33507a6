// The recorded function of the multi-label margin loss.
#pragma once

#include <torch/csrc/autograd/generated/Functions.h>

namespace torch_losses::kernels {

// libtorch's function checks the labels and then reads them again, so it gets a copy of its own.
struct MultiLabelMarginFunction final : torch::autograd::generated::MultilabelMarginLossBackward0 {
  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override;
};

}  // namespace torch_losses::kernels
