// Source: torch/random.py and torch/csrc/Generator.cpp. The 64 bits of a seed are those that
// Python's wrap-around gives.
#include "operators/generators.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <memory>
#include <mutex>

#include "bindings/bindings.h"
#include "bindings/externals.h"
#include "operators/thread_generator.h"

namespace torch_losses {
namespace {

constexpr ExternalType kGenerator = {{0x9f0a7c5be2d1463cULL, 0x83b14e6f07d5a92eULL}, "a Generator"};

napi_value wrap(Environment& environment, at::Generator generator) {
  return new_external(environment, kGenerator,
                      std::make_unique<at::Generator>(std::move(generator)));
}

napi_value new_generator(Environment& environment, at::Device device) {
  if (device.is_cpu()) return wrap(environment, at::make_generator<at::CPUGeneratorImpl>());
  return wrap(environment, at::globalContext()
                               .getAcceleratorHooksInterface(device.type())
                               .getNewGenerator(device.index()));
}

}  // namespace

template <>
at::Generator read(Environment& environment, napi_value value) {
  return *read_external<at::Generator>(environment, kGenerator, value);
}

void add_generators(Bindings& bindings) {
  bindings.add<&new_generator>("new_generator");
  bindings.add("default_generator", [](Environment& environment, at::Device device) {
    if (auto own = device.is_cpu() ? thread_generator() : std::nullopt) {
      return wrap(environment, *own);
    }
    return wrap(environment, at::globalContext().defaultGenerator(device));
  });
  // Seeds the default generators of all devices; in a thread with one of its own, only that.
  bindings.add("manual_seed", [](int64_t seed) {
    auto own = thread_generator();
    if (!own) return at::manual_seed(static_cast<uint64_t>(seed));
    std::lock_guard lock(own->mutex());
    own->set_current_seed(static_cast<uint64_t>(seed));
  });
  bindings.add("own_generator", [](at::Generator generator) { own_generator(generator); });
  bindings.add("generator_manual_seed", [](at::Generator generator, int64_t seed) {
    std::lock_guard lock(generator.mutex());
    generator.set_current_seed(static_cast<uint64_t>(seed));
  });
  bindings.add("generator_initial_seed",
               [](at::Generator generator) { return generator.current_seed(); });
  bindings.add("generator_seed", [](at::Generator generator) {
    std::lock_guard lock(generator.mutex());
    return generator.seed();
  });
  bindings.add("generator_get_state", [](at::Generator generator) {
    std::lock_guard lock(generator.mutex());
    return generator.get_state();
  });
  bindings.add("generator_set_state", [](at::Generator generator, const at::Tensor& state) {
    // libtorch reads outside of a view's memory if the view has an offset. Python crashes.
    const bool is_view = state.layout() == at::kStrided && state.storage_offset() != 0;
    std::lock_guard lock(generator.mutex());
    generator.set_state(is_view ? state.clone() : state);
  });
  // The offset is the position in the sequence; CPU generators have none and throw.
  bindings.add("generator_get_offset", [](at::Generator generator) {
    std::lock_guard lock(generator.mutex());
    return generator.get_offset();
  });
  bindings.add("generator_set_offset", [](at::Generator generator, int64_t offset) {
    std::lock_guard lock(generator.mutex());
    generator.set_offset(static_cast<uint64_t>(offset));
  });
  bindings.add("generator_clone_state", [](Environment& environment, at::Generator generator) {
    std::lock_guard lock(generator.mutex());
    return wrap(environment, generator.clone());
  });
  bindings.add("generator_device", [](at::Generator generator) { return generator.device(); });
}

}  // namespace torch_losses
