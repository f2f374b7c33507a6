// A caching allocator for CPU tensors: freed blocks are kept in free lists, one for each size
// class, and reused.
//
// libtorch's own allocator asks the system for the memory of every tensor. For a small tensor that
// costs as much as the arithmetic. For a large one the system maps and clears each page again. And
// where small results stay alive between large temporaries, glibc's heap fragments and grows
// without bound.
//
// There is one allocator in a process. Its threads and all copies of this addon share it. It is
// never destroyed, because tensors may be freed after all other static objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace torch_losses {

// Registers the caching allocator with libtorch, once in a process. With
// TORCH_LOSSES_ALLOCATOR=system, registers one that forwards to libtorch's own and counts its
// bytes. Does nothing if another allocator than libtorch's own is registered already.
void install_allocator();

// Returns the bytes of CPU memory that tensors hold: those requested and not yet freed. With
// TORCH_LOSSES_ALLOCATOR=system, the sizes are malloc's, which rounds them up.
int64_t allocator_live_bytes() noexcept;

// While an instance exists, an allocation on its thread that fails calls `free_memory` and then
// tries again. Must be created and destroyed on that thread.
class OutOfMemoryHandler {
 public:
  explicit OutOfMemoryHandler(std::function<void()> free_memory);
  ~OutOfMemoryHandler();
  OutOfMemoryHandler(const OutOfMemoryHandler&) = delete;
  OutOfMemoryHandler& operator=(const OutOfMemoryHandler&) = delete;

 private:
  std::function<void()> free_memory_;
};

}  // namespace torch_losses
