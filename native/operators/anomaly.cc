// Anomaly detection: when a backward pass fails, shows the JavaScript stack of the forward call.
// Source: torch/csrc/autograd/python_anomaly_mode.cpp, torch/autograd/anomaly_mode.py.
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/engine.h>

#include <memory>
#include <optional>
#include <string>

#include "bindings/bindings.h"
#include "bindings/functions.h"

namespace torch_losses {
namespace {

namespace autograd = torch::autograd;

// Returns this thread's JavaScript stack: a function of lib/autograd/anomaly_mode.ts. Null in a
// thread that never turned the detection on.
thread_local std::unique_ptr<JavaScriptFunction> stack_of_caller;

// libtorch's own class, which also remembers the function during whose backward pass this one was
// recorded, has a C++ stack.
class Metadata final : public autograd::AnomalyMetadata {
 public:
  void store_stack() override {
    if (!stack_of_caller) return;
    stack_of_caller->call([&](Environment& environment, napi_value function) {
      auto* stack = call_node<napi_value>(environment.env(), napi_call_function,
                                          undefined(environment), function, 0, nullptr);
      stack_ = read<std::string>(environment, stack);
    });
  }

  void print_stack(const std::string& node_name) override {
    const std::string text =
        stack_.empty()
            ? ". No forward pass information available. Enable detect anomaly during forward pass "
              "for more information."
            : ". Traceback of forward call that caused the error:\n" + stack_;
    c10::warn(c10::Warning(c10::UserWarning(), {}, "Error detected in " + node_name + text, true));
  }

 private:
  std::string stack_;
};

class Engine final : public autograd::Engine {
 public:
  std::unique_ptr<autograd::AnomalyMetadata> make_anomaly_metadata() override {
    return std::make_unique<Metadata>();
  }
};

// Never destroyed, because its threads may outlive static objects.
autograd::Engine& engine() {
  static auto* instance = new Engine;
  return *instance;
}

void set_detect_anomaly(Environment& environment, bool enabled, bool check_nan,
                        napi_value stack_function) {
  if (enabled && !stack_of_caller) {
    autograd::set_default_engine_stub(&engine);
    stack_of_caller = std::make_unique<JavaScriptFunction>(environment, stack_function);
  }
  autograd::AnomalyMode::set_enabled(enabled, check_nan);
}

}  // namespace

void add_anomaly_mode(Bindings& bindings) {
  bindings.add<&set_detect_anomaly>("set_detect_anomaly");
  bindings.add<&autograd::AnomalyMode::is_enabled>("is_anomaly_enabled");
  bindings.add<&autograd::AnomalyMode::should_check_nan>("is_anomaly_check_nan_enabled");
}

}  // namespace torch_losses
