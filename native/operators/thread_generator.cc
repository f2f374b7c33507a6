// libtorch has one default generator for the process. A fallback, which only the thread's operators
// reach, gives the thread's own generator to each operator that would take the default one.
#include "operators/thread_generator.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/library.h>

#include <memory>
#include <utility>

namespace torch_losses {
namespace {

// A key above autograd, autocast and the devices, which libtorch itself does not use.
constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

// at::ThreadLocalState takes these, and the included keys, to threads that work for this one.
const auto kKind = c10::DebugInfoKind::TEST_INFO;

struct OwnGenerator : c10::DebugInfoBase {
  explicit OwnGenerator(at::Generator own) : generator(std::move(own)) {}
  at::Generator generator;
};

bool is_on_cpu(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() && value.toTensor().is_cpu();
}

// Returns the position of a `Generator?` that is None, if the first tensor is on the CPU.
std::optional<size_t> missing_generator(const c10::FunctionSchema& schema,
                                        c10::ArrayRef<c10::IValue> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].isNone() || schema.arguments()[i].name() != "generator") continue;
    for (const c10::IValue& argument : arguments) {
      if (argument.isTensor()) {
        if (is_on_cpu(argument)) return i;
        break;
      }
    }
  }
  return std::nullopt;
}

void with_own_generator(const c10::OperatorHandle& op, c10::DispatchKeySet keys,
                        torch::jit::Stack* stack) {
  const c10::FunctionSchema& schema = op.schema();
  const size_t count = schema.arguments().size();
  if (auto generator = thread_generator()) {
    auto position = missing_generator(schema, torch::jit::last(*stack, count));
    if (position) torch::jit::peek(*stack, *position, count) = *generator;
  }
  op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, kKey), stack);
}

}  // namespace

std::optional<at::Generator> thread_generator() {
  auto* info = dynamic_cast<OwnGenerator*>(c10::ThreadLocalDebugInfo::get(kKind));
  if (info == nullptr) return std::nullopt;
  return info->generator;
}

void own_generator(at::Generator generator) {
  // Registered once for the process, and never removed.
  static auto* library = [] {
    auto* made = new torch::Library(torch::Library::IMPL, "_", kKey, __FILE__, __LINE__);
    made->fallback(torch::CppFunction::makeFromBoxedFunction<&with_own_generator>());
    return made;
  }();
  static_cast<void>(library);
  c10::ThreadLocalDebugInfo::_push(kKind, std::make_shared<OwnGenerator>(std::move(generator)));
  c10::impl::tls_set_dispatch_key_included(kKey, true);
}

}  // namespace torch_losses
