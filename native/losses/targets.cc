#include "losses/targets.h"

#include <ATen/ops/logical_or.h>
#include <ATen/ops/masked_select.h>

#include <atomic>

#include "bindings/bindings.h"

namespace torch_losses {
namespace targets {
namespace {

// The setting belongs to the process, as the devices do.
std::atomic<Checked> checked{Checked::None};

bool is_checked(const at::Tensor& target) {
  const auto dtype = target.scalar_type();
  return are_checked(target) && (dtype == at::kLong || dtype == at::kByte) && target.numel() > 0;
}

// Returns the indices outside of [least, classes), in order.
at::Tensor outside(const at::Tensor& target, int64_t least, int64_t classes) {
  return at::masked_select(target, at::logical_or(target.lt(least), target.ge(classes)));
}

}  // namespace

bool are_checked(const at::Tensor& tensor) {
  const Checked which = checked.load(std::memory_order_relaxed);
  return which == Checked::Every || (which == Checked::Cuda && tensor.is_cuda());
}

void check_classes(const at::Tensor& target, int64_t classes, int64_t ignored) {
  if (!is_checked(target)) return;
  const at::Tensor found = outside(target, 0, classes);
  const at::Tensor wrong = at::masked_select(found, found.ne(ignored));
  if (wrong.numel() == 0) return;
  TORCH_CHECK_INDEX(false, "Target ", wrong[0].item<int64_t>(), " is out of bounds.");
}

void check_margin_classes(const at::Tensor& target, int64_t classes) {
  if (!is_checked(target)) return;
  TORCH_CHECK(outside(target, 0, classes).numel() == 0, "target out of range");
}

void check_labels(const at::Tensor& target, int64_t classes) {
  if (!is_checked(target)) return;
  TORCH_CHECK(outside(target, -1, classes).numel() == 0, "argument #2 'target' is out of range");
}

}  // namespace targets

namespace {

void set_check_targets(int64_t which) { targets::checked = static_cast<targets::Checked>(which); }

int64_t get_check_targets() { return static_cast<int64_t>(targets::checked.load()); }

}  // namespace

void add_targets(Bindings& bindings) {
  bindings.add<&set_check_targets>("set_check_targets");
  bindings.add<&get_check_targets>("get_check_targets");
}

}  // namespace torch_losses
