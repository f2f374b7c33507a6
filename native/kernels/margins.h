// The losses of margins between the scores of a row, and their gradients, for several rows at once.
//
// The sum of a row is added up in order, one addition waiting for the other, and libtorch takes row
// after row. Here the rows of a block take turns, in the lanes of vectors, and libtorch's threads
// divide the blocks among them; the bits of each row, and of the sum over rows, are the same.
//
// Operands: `input` is a contiguous matrix, `target` has a class, or the labels, of each row. The
// results are undefined where one is out of range, so that libtorch's function names the error, and
// where a gradient is infinite or NaN. Nothing is recorded.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/generated/Functions.h>

#include <cstdint>
#include <optional>

namespace torch_losses::margins {

struct MultiMargin {
  const at::Tensor& input;
  const at::Tensor& target;
  int64_t p;
  double margin;
  const std::optional<at::Tensor>& weight;
  int64_t reduction;
};

// Whether these are operands: for others libtorch's function is to be called.
bool takes(const MultiMargin& loss);

at::Tensor multi_margin(const MultiMargin& loss);
at::Tensor multi_margin_backward(const MultiMargin& loss, const at::Tensor& gradient);

struct MultiLabelMargin {
  const at::Tensor& input;
  const at::Tensor& target;
  int64_t reduction;
};

bool takes(const MultiLabelMargin& loss);

// `is_target`: of the shape of `target`, 1 for the classes among the labels of its row.
at::Tensor multilabel_margin(const MultiLabelMargin& loss, at::Tensor& is_target);
at::Tensor multilabel_margin_backward(const MultiLabelMargin& loss, const at::Tensor& gradient);

// libtorch's function, which checks the labels and then reads them again: of a copy of its own.
struct MultiLabelMarginFunction final : torch::autograd::generated::MultilabelMarginLossBackward0 {
  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override;
};

}  // namespace torch_losses::margins
