#include "bindings/memory_retry.h"

#include <atomic>

#include "bindings/bindings.h"

namespace torch_losses {
namespace {

std::atomic<int64_t> failures{0};

}  // namespace

void simulate_out_of_memory(int64_t calls) { failures = calls; }

void fail_where_simulated() {
  if (failures.load(std::memory_order_relaxed) <= 0) return;
  --failures;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate nothing.");
}

void add_memory_retry(Bindings& bindings) {
  bindings.add<&simulate_out_of_memory>("simulate_out_of_memory");
}

}  // namespace torch_losses
