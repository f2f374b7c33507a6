// This addon's own ways to what libtorch computes. Their bits are libtorch's, so no result tells
// whether one was taken, nor that it is never taken any more: each notes it, for tests.
#pragma once

#include <array>
#include <atomic>

namespace torch_losses {

class Bindings;

class Shortcut {
 public:
  explicit constexpr Shortcut(const char* name) : name_(name) {}

  const char* name() const { return name_; }

  void note() {
    // No thread writes again what others read at every loss.
    if (!taken_.load(std::memory_order_relaxed)) taken_.store(true, std::memory_order_relaxed);
  }

  // The same if it `may` be taken, which is the result.
  bool take_if(bool may) {
    if (may) note();
    return may;
  }

  // Whether it was, since this was last asked.
  bool was_taken() { return taken_.exchange(false); }

 private:
  const char* name_;
  std::atomic<bool> taken_ = false;
};

namespace shortcuts {

// Kernels.
inline constinit Shortcut cross_entropy("cross_entropy");
inline constinit Shortcut ctc("ctc");
inline constinit Shortcut multi_margin("multi_margin");
inline constinit Shortcut multilabel_margin("multilabel_margin");
inline constinit Shortcut one_pass("one_pass");                // of a loss: single_pass.h
inline constinit Shortcut passes_avx2("passes_avx2");          // for it, and for sums
inline constinit Shortcut sums("sums");                        // of what one thread adds up
inline constinit Shortcut sums_on_threads("sums_on_threads");  // of what several may
// How work is divided.
inline constinit Shortcut small_layers("small_layers");
inline constinit Shortcut small_work("small_work");
inline constinit Shortcut threads("threads");  // libtorch's own, for kernels of this addon
// What goes past libtorch's engine.
inline constinit Shortcut inline_backward("inline_backward");

inline constexpr std::array kAll{&cross_entropy, &ctc,         &multi_margin, &multilabel_margin,
                                 &one_pass,      &passes_avx2, &sums,         &sums_on_threads,
                                 &small_layers,  &small_work,  &threads,      &inline_backward};

}  // namespace shortcuts

void add_shortcuts(Bindings& bindings);

}  // namespace torch_losses
