// What a native call does when memory runs out: it frees the tensors that JavaScript no longer
// uses, and runs once more if it can.
#pragma once

#include <c10/util/Exception.h>

#include <atomic>
#include <cstdint>

#include "bindings/environment.h"

namespace torch_losses {

enum class OutOfMemoryPolicy {
  Fail,          // for a function that allocates no tensor
  FreeAndFail,   // frees memory for later calls; for a function that may have changed something
  FreeAndRetry,  // frees memory and runs again; for a function that changes nothing if it fails
};

// For tests: the number of calls still to come that throw as if memory had run out.
inline std::atomic<int64_t> simulated_failures{0};

inline void throw_if_simulated() {
  if (simulated_failures.load(std::memory_order_relaxed) <= 0) return;
  --simulated_failures;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate nothing.");
}

// Runs `body` under the policy, on the environment's thread, and returns its result.
template <typename Body>
auto retry_on_out_of_memory(Environment& environment, OutOfMemoryPolicy policy, Body&& body) {
  if (policy == OutOfMemoryPolicy::Fail) return body();
  try {
    throw_if_simulated();
    return body();
  } catch (const c10::OutOfMemoryError&) {
    environment.handles().relieve(Pressure::OutOfMemory);
    if (policy == OutOfMemoryPolicy::FreeAndFail) throw;
  }
  throw_if_simulated();
  return body();
}

}  // namespace torch_losses
