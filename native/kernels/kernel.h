// A kernel: its name, its state and its self-test.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace torch_losses::kernels {

// Off: it is not enabled. Untested: it is enabled, and its self-test runs before its first use. On:
// it computes. LeftOut: it is enabled and does not compute in this process; reason() says why.
enum class State { Off, Untested, On, LeftOut };

class Kernel {
 public:
  // `name` is the name of the loss. `self_test` compares the kernel with libtorch, and returns
  // whether all bits are equal.
  constexpr Kernel(const char* name, bool (*self_test)()) : name_(name), self_test_(self_test) {}

  const char* name() const { return name_; }
  State state() const;
  std::string reason() const;

  bool is_enabled() const { return enabled_.load(std::memory_order_relaxed); }
  void enable(bool enabled) { enabled_ = enabled; }

  // Returns whether the kernel may be used. If not, its caller need not examine the arguments.
  bool is_in_use() const { return is_enabled() || is_under_test(); }

  // Returns whether the kernel computes. Runs its self-test first, unless it was run with this
  // number of threads.
  bool use() {
    if (is_under_test()) return true;
    return is_enabled() && (is_tested_now() || test());
  }

  // Runs the self-test now and returns whether the kernel passed.
  bool run_self_test();

  // For tests: the next self-test finds a difference.
  void fail_next_test() { fails_next_ = true; }

 private:
  bool is_under_test() const;
  bool is_tested_now() const;
  bool test();

  const char* name_;
  bool (*self_test_)();
  std::atomic<bool> enabled_ = false;
  std::atomic<bool> left_out_ = false;
  std::atomic<bool> fails_next_ = false;
  // The numbers of threads for which the self-test passed; 0 is none.
  std::array<std::atomic<int>, 8> tested_{};
  std::mutex testing_;
};

extern Kernel mse_loss_kernel;
extern Kernel l1_loss_kernel;
extern Kernel smooth_l1_loss_kernel;
extern Kernel huber_loss_kernel;
extern Kernel cross_entropy_kernel;

}  // namespace torch_losses::kernels
