#include "memory/live_bytes.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "memory/allocator.h"

namespace torch_losses {
namespace {

int64_t recent_cuda_live_bytes() {
  static const bool is_loaded = c10::impl::hasDeviceGuardImpl(c10::kCUDA);
  if (!is_loaded) return 0;
  constexpr int kRefreshInterval = 16;
  thread_local int calls = 0;
  thread_local int64_t bytes = 0;
  if (calls++ % kRefreshInterval == 0) bytes = cuda_live_bytes();
  return bytes;
}

}  // namespace

c10::DeviceAllocator* cuda_allocator() {
  if (!c10::impl::hasDeviceGuardImpl(c10::kCUDA)) return nullptr;
  auto* allocator = at::getDeviceAllocator(c10::kCUDA);
  return allocator->initialized() ? allocator : nullptr;
}

int64_t cuda_live_bytes() {
  auto* allocator = cuda_allocator();
  if (allocator == nullptr) return 0;
  int64_t bytes = 0;
  const c10::DeviceIndex count = c10::impl::VirtualGuardImpl(c10::kCUDA).deviceCount();
  for (c10::DeviceIndex index = 0; index < count; ++index) {
    bytes += allocator->getDeviceStats(index).allocated_bytes[0].current;
  }
  return bytes;
}

int64_t live_bytes() { return allocator_live_bytes() + recent_cuda_live_bytes(); }

}  // namespace torch_losses
