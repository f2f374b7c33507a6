#include "kernels/gradients.h"

#include <typeinfo>

#include "kernels/eligibility.h"
#include "kernels/kernels.h"
#include "kernels/margins.h"

namespace torch_losses::kernels {

using namespace torch::autograd::generated;
using torch::autograd::Node;

at::Tensor gradient(Node& function, const at::Tensor& upstream) {
  const std::type_info& type = typeid(function);
  const bool is_multilabel =
      type == typeid(MultilabelMarginLossBackward0) || type == typeid(MultiLabelMarginFunction);
  const bool is_known = is_multilabel || type == typeid(MultiMarginLossBackward0);
  if (!is_known || !upstream.defined() || !are_eligible(upstream)) return {};
  if (is_multilabel) {
    return multilabel_margin_gradient(static_cast<MultilabelMarginLossBackward0&>(function),
                                      upstream);
  }
  return multi_margin_gradient(static_cast<MultiMarginLossBackward0&>(function), upstream);
}

at::Tensor gradient(Node& function, Node& next, const at::Tensor& upstream) {
  const bool is_cross_entropy =
      typeid(function) == typeid(NllLossBackward0) && typeid(next) == typeid(LogSoftmaxBackward0);
  if (!is_cross_entropy || !upstream.defined() || !are_eligible(upstream)) return {};
  return cross_entropy_gradient(static_cast<NllLossBackward0&>(function),
                                static_cast<LogSoftmaxBackward0&>(next), upstream);
}

}  // namespace torch_losses::kernels
