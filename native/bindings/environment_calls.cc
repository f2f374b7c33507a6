// Functions by which JavaScript manages its environment: hooks, handles, memory, errors, jobs.
#include <c10/core/StorageImpl.h>

#include <map>
#include <unordered_set>

#include "bindings/bindings.h"
#include "bindings/saturating_cast.h"

namespace torch_losses {
namespace {

// Returns the bytes of the storages that handles keep alive, by device. Counts each storage once.
napi_value bytes_by_device(Environment& environment) {
  std::unordered_set<const c10::StorageImpl*> seen;
  std::map<std::string, int64_t> bytes;
  environment.handles().for_each([&](const at::Tensor& tensor) {
    if (!tensor.has_storage()) return;
    const c10::StorageImpl* storage = tensor.storage().unsafeGetStorageImpl();
    if (!seen.insert(storage).second) return;
    bytes[storage->device().str()] += static_cast<int64_t>(storage->nbytes());
  });
  napi_value object = new_object(environment);
  for (const auto& [device, count] : bytes) {
    set_property(environment, object, device.c_str(), count);
  }
  return object;
}

void set_young_interval(Environment& environment, int64_t count) {
  TORCH_CHECK_VALUE(count > 0, "the interval must be positive, got ", count);
  environment.handles().set_young_interval(static_cast<size_t>(count));
}

}  // namespace

void add_environment(Bindings& bindings) {
  bindings.add("set_hooks", [](Environment& environment, napi_value create_error,
                               napi_value emit_warning, napi_value relieve_pressure) {
    environment.set_hooks(create_error, emit_warning, relieve_pressure);
  });
  bindings.add("attach", [](Environment& environment, double handle, napi_value owner) {
    environment.handles().attach(handle, owner);
  });
  bindings.add("dispose", [](Environment& environment, double handle) {
    environment.handles().dispose(handle);
  });
  bindings.add("is_live", [](Environment& environment, double handle) {
    return environment.handles().is_live(handle);
  });
  bindings.add("live", [](Environment& environment) { return environment.handles().live(); });
  bindings.add("sweep", [](Environment& environment) {
    environment.references().drain(environment.env());
    return environment.handles().sweep();
  });
  bindings.add("sweep_young",
               [](Environment& environment) { return environment.handles().sweep_young(); });
  bindings.add<&bytes_by_device>("bytes_by_device");
  bindings.add("notify_next_creation",
               [](Environment& environment) { environment.handles().notify_next_creation(); });
  bindings.add<&set_young_interval>("set_young_interval");
  bindings.add("allow_growth", [](Environment& environment, double bytes) {
    environment.handles().allow_growth(saturating_cast<int64_t>(bytes));
  });
  bindings.add("growth", [](Environment& environment) {
    return static_cast<double>(environment.handles().growth());
  });
  bindings.add("error_backtrace", [](Environment& environment, int64_t number) {
    return environment.backtrace(number);
  });
  bindings.add("cancel_job", [](Environment& environment, int64_t number) {
    return environment.async().cancel(number);
  });
  bindings.add("simulate_out_of_memory", [](int64_t calls) { simulated_failures = calls; });
}

}  // namespace torch_losses
