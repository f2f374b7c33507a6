// Autocast's state, which lib/amp/autocast.ts sets and restores. Of a device only its type matters.
// Source: torch/csrc/autograd/init.cpp.
#include <ATen/autocast_mode.h>

#include "bindings/bindings.h"

namespace torch_losses {
namespace {

namespace autocast = at::autocast;

at::ScalarType get_autocast_dtype(const at::Device& device) {
  at::ScalarType dtype = autocast::get_autocast_dtype(device.type());
  TORCH_CHECK(dtype != at::ScalarType::Undefined, "unsupported scalarType");
  return dtype;
}

}  // namespace

void add_autocast(Bindings& bindings) {
  bindings.add("is_autocast_available", [](const at::Device& device) {
    return autocast::is_autocast_available(device.type());
  });
  bindings.add("is_autocast_enabled", [](const at::Device& device) {
    return autocast::is_autocast_enabled(device.type());
  });
  bindings.add("set_autocast_enabled", [](const at::Device& device, bool enabled) {
    autocast::set_autocast_enabled(device.type(), enabled);
  });
  bindings.add<&get_autocast_dtype>("get_autocast_dtype");
  bindings.add("set_autocast_dtype", [](const at::Device& device, at::ScalarType dtype) {
    autocast::set_autocast_dtype(device.type(), dtype);
  });
  bindings.add<&autocast::is_autocast_cache_enabled>("is_autocast_cache_enabled");
  bindings.add<&autocast::set_autocast_cache_enabled>("set_autocast_cache_enabled");
  bindings.add<&autocast::clear_cache>("clear_autocast_cache");
  bindings.add<&autocast::increment_nesting>("autocast_increment_nesting");
  bindings.add<&autocast::decrement_nesting>("autocast_decrement_nesting");
}

}  // namespace torch_losses
