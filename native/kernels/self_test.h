// Compares a kernel with libtorch bit for bit: the loss and all gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <vector>

#include "losses/reduction.h"

namespace torch_losses::kernels::self_test {

using Operands = std::vector<at::Tensor>;
using Compute = std::function<std::optional<at::Tensor>(const Operands&)>;

// A loss that a kernel and the loss's own function compute. The kernel must accept the operands,
// unless `may_decline` says that it may refuse them, for NaN for example.
struct Sides {
  Compute kernel;
  Compute libtorch;
  bool may_decline = false;
};

// `call(loss, operands, reduction)` calls either of the two functions.
template <auto Kernel, auto Loss, typename Call>
auto sides_of(Call call) {
  return [call](const Reduction& reduction) {
    return Sides{[=](const Operands& operands) { return call(Kernel, operands, reduction); },
                 [=](const Operands& operands) { return call(Loss, operands, reduction); }};
  };
}
using SidesOf = std::function<Sides(const Reduction&)>;

// Returns whether both sides give the same bits for these operands: the loss, and the gradient by
// each operand that requires one, from the engine and from a backward pass that runs inline.
bool agree(const Sides& sides, const Operands& operands);

// Returns random numbers between -1 and 1 with all their digits, so that a sum shows the order in
// which it was added up.
at::Tensor numbers(at::IntArrayRef sizes, at::ScalarType dtype, uint32_t seed = 1);

// Returns integers of a period that fits no size of a block, from `low` up to, but not including,
// `high`.
at::Tensor integers(at::IntArrayRef sizes, int64_t low, int64_t high);

// Compares a loss that is reduced from pairs of elements: of float and double, mean and sum, at
// sizes around each size of a vector, a row, a block and a thread's share. The values of `left` and
// `right` decide the branches of the formula; all their combinations occur. Infinities, NaN, huge
// and tiny numbers are added here.
bool agree_on_elements(const SidesOf& sides_of, const std::vector<double>& left,
                       const std::vector<double>& right);

}  // namespace torch_losses::kernels::self_test
