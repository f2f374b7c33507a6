// A caching allocator for CPU tensors.
//
// libtorch asks the system for every tensor's memory. For small tensors that costs as much as the
// arithmetic; for large ones each new block is paid for page by page; and with results that stay
// alive between temporaries, glibc's heap grows without bound. Here freed blocks are kept, by size
// class, and given out again.
//
// One for the process, shared by its threads and by every copy of this addon in it; never
// destroyed: tensors may outlive everything else.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace torch_losses {

class Bindings;

// Puts the caching allocator in libtorch's place, once for the process. Where
// TORCH_LOSSES_ALLOCATOR=system asks for libtorch's own, that stays, and its bytes are counted;
// what something else has put there already stays, uncounted.
void install_allocator();

// Bytes of CPU memory that tensors hold: what was asked for and not yet freed. (With libtorch's own
// allocator: as malloc rounds it.)
int64_t allocator_live_bytes() noexcept;

// While it lives, an allocation of this thread that finds no memory runs `free_memory` and tries
// again. Made and destroyed on the thread.
class OutOfMemoryHandler {
 public:
  explicit OutOfMemoryHandler(std::function<void()> free_memory);
  ~OutOfMemoryHandler();
  OutOfMemoryHandler(const OutOfMemoryHandler&) = delete;
  OutOfMemoryHandler& operator=(const OutOfMemoryHandler&) = delete;

 private:
  std::function<void()> free_memory_;
};

// `emptyCache`, `allocator_stats` for JavaScript.
void add_allocator(Bindings& bindings);

}  // namespace torch_losses
