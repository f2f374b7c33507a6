// The bytes that tensors hold, on the CPU and on CUDA devices.
#pragma once

#include <cstdint>

namespace c10 {
struct DeviceAllocator;
}

namespace torch_losses {

// Returns CUDA's caching allocator, or nullptr before CUDA is first used.
c10::DeviceAllocator* cuda_allocator();

// Returns the bytes that tensors hold on all CUDA devices.
int64_t cuda_live_bytes();

// Returns the bytes that tensors hold on the CPU and on CUDA devices. CUDA's part is up to 16 calls
// old: it takes a lock of each device's allocator.
int64_t live_bytes();

}  // namespace torch_losses
