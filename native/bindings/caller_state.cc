#include "bindings/caller_state.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "memory/live_bytes.h"

namespace torch_losses {

using c10::impl::VirtualGuardImpl;

namespace {

// The flag of the processor, which libtorch sets and does not read.
thread_local bool flushes_denormals = false;

}  // namespace

bool set_flush_denormal(bool mode) {
  if (!at::globalContext().setFlushDenormal(mode)) return false;
  flushes_denormals = mode;
  return true;
}

CallerState::CallerState()
    : threads_(at::get_num_threads()),
      flushes_denormals_(flushes_denormals),
      cpu_autocast_dtype_(at::autocast::get_autocast_dtype(at::kCPU)),
      cuda_autocast_dtype_(at::autocast::get_autocast_dtype(at::kCUDA)) {
  if (cuda_allocator() == nullptr) return;
  const VirtualGuardImpl impl(c10::kCUDA);
  cuda_device_ = impl.getDevice();
  const c10::DeviceIndex count = impl.deviceCount();
  for (c10::DeviceIndex index = 0; index < count; ++index) {
    cuda_streams_.push_back(impl.getStream({c10::kCUDA, index}));
  }
}

void CallerState::apply() const {
  if (at::get_num_threads() != threads_) at::set_num_threads(threads_);
  if (flushes_denormals != flushes_denormals_) set_flush_denormal(flushes_denormals_);
  at::autocast::set_autocast_dtype(at::kCPU, cpu_autocast_dtype_);
  at::autocast::set_autocast_dtype(at::kCUDA, cuda_autocast_dtype_);
  // The cache of casts is one for the process, and is cleared when a region ends. A job may run
  // longer than its region.
  at::autocast::set_autocast_cache_enabled(false);
  if (!cuda_device_) return;
  const VirtualGuardImpl impl(c10::kCUDA);
  for (const c10::Stream& stream : cuda_streams_) impl.exchangeStream(stream);
  impl.setDevice(*cuda_device_);
}

}  // namespace torch_losses
