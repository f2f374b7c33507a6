// Source: torch/random.py and torch/csrc/Generator.cpp.
#include "operators/generators.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Functions.h>

#include <mutex>

#include "bindings/bindings.h"

namespace torch_losses {
namespace {

constexpr napi_type_tag kGeneratorTag = {0x9f0a7c5be2d1463cULL, 0x83b14e6f07d5a92eULL};

napi_value wrap(Environment& environment, at::Generator generator) {
  napi_env env = environment.env();
  napi_value external = nullptr;
  check(env, napi_create_external(
                 env, new at::Generator(std::move(generator)),
                 [](napi_env, void* data, void*) { delete static_cast<at::Generator*>(data); },
                 nullptr, &external));
  check(env, napi_type_tag_object(env, external, &kGeneratorTag));
  return external;
}

napi_value new_generator(Environment& environment, at::Device device) {
  if (device.is_cpu()) return wrap(environment, at::make_generator<at::CPUGeneratorImpl>());
  return wrap(environment, at::globalContext()
                               .getAcceleratorHooksInterface(device.type())
                               .getNewGenerator(device.index()));
}

// The one that a device's functions use where none is given.
napi_value default_generator(Environment& environment, at::Device device) {
  return wrap(environment, at::globalContext().defaultGenerator(device));
}

// All devices' default generators, as torch.manual_seed does. The seed's 64 bits are what Python's
// wrap-around gives.
void manual_seed(int64_t seed) { at::manual_seed(static_cast<uint64_t>(seed)); }

void generator_manual_seed(at::Generator generator, int64_t seed) {
  std::lock_guard lock(generator.mutex());
  generator.set_current_seed(static_cast<uint64_t>(seed));
}

uint64_t generator_initial_seed(at::Generator generator) { return generator.current_seed(); }

uint64_t generator_seed(at::Generator generator) {
  std::lock_guard lock(generator.mutex());
  return generator.seed();
}

at::Tensor generator_get_state(at::Generator generator) {
  std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void generator_set_state(at::Generator generator, const at::Tensor& state) {
  std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

// Where the sequence is, for the generators that count.
uint64_t generator_get_offset(at::Generator generator) {
  std::lock_guard lock(generator.mutex());
  return generator.get_offset();
}

void generator_set_offset(at::Generator generator, int64_t offset) {
  std::lock_guard lock(generator.mutex());
  generator.set_offset(static_cast<uint64_t>(offset));
}

// Another one that goes on with the same sequence.
napi_value generator_clone_state(Environment& environment, at::Generator generator) {
  std::lock_guard lock(generator.mutex());
  return wrap(environment, generator.clone());
}

std::string generator_device(at::Generator generator) { return generator.device().str(); }

}  // namespace

template <>
at::Generator read(Environment& environment, napi_value value) {
  napi_env env = environment.env();
  napi_valuetype type = napi_undefined;
  check(env, napi_typeof(env, value, &type));
  bool is_ours = false;
  if (type == napi_external) {
    check(env, napi_check_object_type_tag(env, value, &kGeneratorTag, &is_ours));
  }
  if (!is_ours) throw ArgumentMismatch{"a Generator"};
  void* data = nullptr;
  check(env, napi_get_value_external(env, value, &data));
  return *static_cast<at::Generator*>(data);
}

void add_generators(Bindings& bindings) {
  bindings.add<&new_generator>("new_generator");
  bindings.add<&default_generator>("default_generator");
  bindings.add<&manual_seed>("manual_seed");
  bindings.add<&generator_manual_seed>("generator_manual_seed");
  bindings.add<&generator_initial_seed>("generator_initial_seed");
  bindings.add<&generator_seed>("generator_seed");
  bindings.add<&generator_get_state>("generator_get_state");
  bindings.add<&generator_set_state>("generator_set_state");
  bindings.add<&generator_get_offset>("generator_get_offset");
  bindings.add<&generator_set_offset>("generator_set_offset");
  bindings.add<&generator_clone_state>("generator_clone_state");
  bindings.add<&generator_device>("generator_device");
}

}  // namespace torch_losses
