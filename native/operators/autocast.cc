// Autocast's state, which lib/amp/autocast.ts sets and restores. Source:
// torch/csrc/autograd/init.cpp.
#include "operators/autocast.h"

#include <ATen/autocast_mode.h>

#include "bindings/bindings.h"

namespace torch_losses {
namespace {

// A device by its name: its type alone counts.
bool is_autocast_available(const at::Device& device) {
  return at::autocast::is_autocast_available(device.type());
}

bool is_autocast_enabled(const at::Device& device) {
  return at::autocast::is_autocast_enabled(device.type());
}

void set_autocast_enabled(const at::Device& device, bool enabled) {
  at::autocast::set_autocast_enabled(device.type(), enabled);
}

int64_t get_autocast_dtype(const at::Device& device) {
  at::ScalarType dtype = at::autocast::get_autocast_dtype(device.type());
  TORCH_CHECK(dtype != at::ScalarType::Undefined, "unsupported scalarType");
  return static_cast<int64_t>(dtype);
}

void set_autocast_dtype(const at::Device& device, at::ScalarType dtype) {
  at::autocast::set_autocast_dtype(device.type(), dtype);
}

bool is_autocast_cache_enabled() { return at::autocast::is_autocast_cache_enabled(); }

void set_autocast_cache_enabled(bool enabled) { at::autocast::set_autocast_cache_enabled(enabled); }

void clear_autocast_cache() { at::autocast::clear_cache(); }

int64_t autocast_increment_nesting() { return at::autocast::increment_nesting(); }

int64_t autocast_decrement_nesting() { return at::autocast::decrement_nesting(); }

}  // namespace

AutocastSettings AutocastSettings::current() {
  return {at::autocast::get_autocast_dtype(at::kCPU), at::autocast::get_autocast_dtype(at::kCUDA)};
}

void AutocastSettings::apply() const {
  at::autocast::set_autocast_dtype(at::kCPU, cpu);
  at::autocast::set_autocast_dtype(at::kCUDA, cuda);
  at::autocast::set_autocast_cache_enabled(false);
}

void add_autocast(Bindings& bindings) {
  bindings.add<&is_autocast_available>("is_autocast_available");
  bindings.add<&is_autocast_enabled>("is_autocast_enabled");
  bindings.add<&set_autocast_enabled>("set_autocast_enabled");
  bindings.add<&get_autocast_dtype>("get_autocast_dtype");
  bindings.add<&set_autocast_dtype>("set_autocast_dtype");
  bindings.add<&is_autocast_cache_enabled>("is_autocast_cache_enabled");
  bindings.add<&set_autocast_cache_enabled>("set_autocast_cache_enabled");
  bindings.add<&clear_autocast_cache>("clear_autocast_cache");
  bindings.add<&autocast_increment_nesting>("autocast_increment_nesting");
  bindings.add<&autocast_decrement_nesting>("autocast_decrement_nesting");
}

}  // namespace torch_losses
