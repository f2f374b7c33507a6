// A caching allocator for CPU tensors.
//
// libtorch asks the system for every tensor's memory. For small tensors that costs as much as the
// arithmetic; for large ones each new block is paid for page by page; and with results that stay
// alive between temporaries, glibc's heap grows without bound. Here freed blocks are kept, by size
// class, and given out again.
//
// One for the process, shared by its threads, never destroyed: tensors may outlive everything else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace torch_losses {

class Bindings;

// Puts the caching allocator in libtorch's place, once for the process; not where
// TORCH_LOSSES_ALLOCATOR=system asks for libtorch's own, or where something else has replaced that
// already.
void install_allocator();

// Bytes of CPU memory that tensors hold: what was asked for and not yet freed.
int64_t allocator_live_bytes() noexcept;

// `emptyCache`, `allocator_stats` for JavaScript.
void add_allocator(Bindings& bindings);

}  // namespace torch_losses
