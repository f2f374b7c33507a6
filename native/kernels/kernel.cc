#include "kernels/kernel.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>

#include <exception>

#include "bindings/bindings.h"
#include "kernels/kernels.h"

namespace torch_losses {
namespace kernels {
namespace {

constexpr std::array kAll{
    &cross_entropy_kernel, &huber_loss_kernel,     &l1_loss_kernel,
    &mse_loss_kernel,      &smooth_l1_loss_kernel,
};

// The reason why no kernel may run with this libtorch. Empty if they may run. Written once, before
// any kernel is enabled.
std::string& refusal() {
  static std::string text;
  return text;
}

// The kernel whose self-test runs on this thread.
thread_local const Kernel* under_test = nullptr;

// The state of a thread of libtorch that nobody has changed: gradients are recorded, and there are
// no hooks and no modes. Self-tests run in this state.
const at::ThreadLocalState& untouched_state() {
  static const at::ThreadLocalState state;
  return state;
}

Kernel& find(const std::string& name) {
  for (Kernel* kernel : kAll) {
    if (name == kernel->name()) return *kernel;
  }
  C10_THROW_ERROR(ValueError, "there is no kernel named " + name);
}

}  // namespace

State Kernel::state() const {
  if (!is_enabled()) return State::Off;
  if (left_out_ || !refusal().empty()) return State::LeftOut;
  return tested_[0] == 0 ? State::Untested : State::On;
}

std::string Kernel::reason() const {
  if (state() != State::LeftOut) return "";
  return left_out_ ? "its results differ from libtorch's on this machine" : refusal();
}

bool Kernel::is_under_test() const { return under_test == this; }

bool Kernel::is_tested_now() const {
  if (left_out_.load(std::memory_order_relaxed)) return false;
  const int threads = at::get_num_threads();
  for (const auto& tested : tested_) {
    const int count = tested.load(std::memory_order_acquire);
    if (count == threads) return true;
    if (count == 0) return false;
  }
  return false;
}

bool Kernel::run_self_test() {
  const Kernel* const outer = under_test;
  under_test = this;
  const at::ThreadLocalStateGuard guard(untouched_state());
  bool passed = false;
  try {
    passed = self_test_() && !fails_next_.exchange(false);
  } catch (...) {
    under_test = outer;
    throw;
  }
  under_test = outer;
  return passed;
}

bool Kernel::test() {
  // Another kernel's self-test compares with libtorch, so it must not use this kernel.
  if (left_out_ || !refusal().empty() || under_test != nullptr) return false;
  // While one thread runs the self-test, other threads use libtorch.
  const std::unique_lock lock(testing_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  const int threads = at::get_num_threads();
  for (auto& tested : tested_) {
    if (tested == threads) return true;
    if (tested != 0) continue;
    if (run_self_test()) {
      tested.store(threads, std::memory_order_release);
      return true;
    }
    left_out_ = true;
    warn({WarningCategory::User, WarningOrigin::Torch,
          std::string("The own kernel of ") + name_ +
              " gives other bits than libtorch on this machine, so it is left out: libtorch "
              "computes this loss. Please report it."});
    return false;
  }
  return false;  // the number of threads was changed more often than is kept
}

namespace {

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const Kernel* kernel : kAll) names.emplace_back(kernel->name());
  return names;
}

std::vector<std::string> enabled_kernels() {
  std::vector<std::string> names;
  for (const Kernel* kernel : kAll) {
    if (kernel->is_enabled()) names.emplace_back(kernel->name());
  }
  return names;
}

void enable_kernels(const std::vector<std::string>& names) {
  for (const std::string& name : names) find(name);
  for (Kernel* kernel : kAll) {
    kernel->enable(std::find(names.begin(), names.end(), kernel->name()) != names.end());
  }
}

// Sets the kernels that are enabled when the process starts. Only the first environment's call
// counts.
void start_kernels(const std::vector<std::string>& names, const std::string& refused) {
  static std::atomic<bool> started = false;
  if (started.exchange(true)) return;
  untouched_state();
  refusal() = refused;
  enable_kernels(names);
}

std::vector<std::string> kernel_state(const std::string& name) {
  constexpr std::array kNames{"off", "untested", "on", "left out"};
  const Kernel& kernel = find(name);
  return {kNames[static_cast<size_t>(kernel.state())], kernel.reason()};
}

bool run_kernel_self_test(const std::string& name) { return find(name).run_self_test(); }

void fail_kernel_self_test(const std::string& name) { find(name).fail_next_test(); }

}  // namespace
}  // namespace kernels

void add_kernels(Bindings& bindings) {
  bindings.add<&kernels::kernel_names>("kernel_names");
  bindings.add<&kernels::enabled_kernels>("enabled_kernels");
  bindings.add<&kernels::enable_kernels>("enable_kernels");
  bindings.add<&kernels::start_kernels>("start_kernels");
  bindings.add<&kernels::kernel_state>("kernel_state");
  bindings.add<&kernels::run_kernel_self_test>("run_kernel_self_test");
  bindings.add<&kernels::fail_kernel_self_test>("fail_kernel_self_test");
}

}  // namespace torch_losses
