// Source: torch/csrc/cuda/Module.cpp.
#include "operators/cuda.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <atomic>
#include <utility>

#include "bindings/bindings.h"
#include "operators/cuda_driver.h"
#include "operators/streams.h"

namespace torch_losses {
namespace {

using c10::CachingDeviceAllocator::DeviceStats;

// The allocator, or null before CUDA is used.
c10::DeviceAllocator* allocator_in_use() {
  if (!c10::impl::hasDeviceGuardImpl(c10::kCUDA)) return nullptr;
  auto* allocator = at::getDeviceAllocator(c10::kCUDA);
  return allocator->initialized() ? allocator : nullptr;
}

c10::DeviceIndex index_of(int64_t index) {
  TORCH_CHECK(std::in_range<c10::DeviceIndex>(index), "Overflow when unpacking DeviceIndex");
  return static_cast<c10::DeviceIndex>(index);
}
c10::Device device_of(int64_t index) { return {c10::kCUDA, index_of(index)}; }
c10::impl::VirtualGuardImpl guard() { return {c10::kCUDA}; }

// --- devices -------------------------------------------------------------------------------------

// Whether libtorch_cuda is in the process: not where the machine has no driver.
bool cuda_is_loaded() { return c10::impl::hasDeviceGuardImpl(c10::kCUDA); }

// Whether any thread has asked for it: seeds start libtorch's part before, as no one can see in
// Python.
std::atomic<bool> initialized{false};

bool cuda_is_initialized() { return initialized; }

// Throws Python's errors where there is no driver or no device.
void cuda_init() {
  at::globalContext().lazyInitDevice(c10::kCUDA);
  initialized = true;
}

// What libtorch was built with, of which the GPUs it has kernels for is a part.
std::string show_config() { return at::show_config(); }

int64_t cuda_device_count() { return torch::cuda::device_count(); }

int64_t cuda_get_device() { return guard().getDevice().index(); }

void cuda_set_device(int64_t index) { guard().setDevice(device_of(index)); }

// Makes a device the current one, and gives the one before.
int64_t cuda_exchange_device(int64_t index) {
  return guard().exchangeDevice(device_of(index)).index();
}

// Goes back to a device, and makes no context on one that has none yet.
void cuda_restore_device(int64_t index) { guard().uncheckedSetDevice(device_of(index)); }

void cuda_synchronize(int64_t index) { guard().synchronizeDevice(index_of(index)); }

napi_value device_properties(Environment& environment, int64_t index) {
  CudaDeviceProperties properties = cuda_device_properties(index_of(index));
  napi_value object = new_object(environment);
  set_property(environment, object, "name", to_javascript(environment, properties.name));
  set_property(environment, object, "total_memory",
               to_javascript(environment, properties.total_memory));
  set_property(environment, object, "attributes",
               to_javascript(environment, properties.attributes));
  set_property(environment, object, "uuid", to_javascript(environment, properties.uuid));
  return object;
}

bool can_access_peer(int64_t index, int64_t peer) {
  return cuda_can_access_peer(index_of(index), index_of(peer));
}

// cuDNN's version, or nothing where this libtorch has none.
std::optional<int64_t> cudnn_version() {
  const auto& hooks = at::detail::getCUDAHooks();
  if (!hooks.compiledWithCuDNN()) return std::nullopt;
  return hooks.versionRuntimeCuDNN();
}

// --- memory --------------------------------------------------------------------------------------

void append(std::vector<int64_t>& values, const c10::CachingAllocator::Stat& stat) {
  values.insert(values.end(), {stat.current, stat.peak, stat.allocated, stat.freed});
}

void append(std::vector<int64_t>& values, const c10::CachingAllocator::StatArray& stats) {
  for (const auto& stat : stats) append(values, stat);
}

// libtorch 2.11 and 2.12 may lack it.
template <typename Stats>
void append_rejections(std::vector<int64_t>& values, const Stats& stats) {
  if constexpr (requires { stats.num_oom_rejections; }) {
    values.push_back(stats.num_oom_rejections);
  }
}

// In the order of lib/cuda/memory.ts; empty before CUDA is used.
std::vector<int64_t> cuda_memory_stats(int64_t index) {
  auto* allocator = allocator_in_use();
  if (allocator == nullptr) return {};
  const DeviceStats stats = allocator->getDeviceStats(index_of(index));
  std::vector<int64_t> values;
  for (const auto* array : {&stats.allocation, &stats.segment, &stats.active, &stats.inactive_split,
                            &stats.allocated_bytes, &stats.reserved_bytes, &stats.active_bytes,
                            &stats.inactive_split_bytes, &stats.requested_bytes}) {
    append(values, *array);
  }
  append(values, stats.oversize_allocations);
  append(values, stats.oversize_segments);
  values.insert(values.end(),
                {stats.num_alloc_retries, stats.num_ooms, stats.num_sync_all_streams,
                 stats.num_device_alloc, stats.num_device_free, stats.max_split_size});
  append_rejections(values, stats);
  return values;
}

void cuda_reset_peak_stats(int64_t index) {
  at::getDeviceAllocator(c10::kCUDA)->resetPeakStats(index_of(index));
}

void cuda_reset_accumulated_stats(int64_t index) {
  at::getDeviceAllocator(c10::kCUDA)->resetAccumulatedStats(index_of(index));
}

// Free and total bytes.
std::vector<int64_t> cuda_mem_get_info(int64_t index) {
  auto [free, total] = at::getDeviceAllocator(c10::kCUDA)->getMemoryInfo(index_of(index));
  return {static_cast<int64_t>(free), static_cast<int64_t>(total)};
}

void cuda_empty_cache() {
  if (auto* allocator = allocator_in_use()) allocator->emptyCache();
}

// --- pinned memory -------------------------------------------------------------------------------

at::HostAllocator& host_allocator() {
  TORCH_CHECK(cuda_is_loaded(), "no memory is pinned without CUDA");
  return *at::getHostAllocator(c10::kCUDA);
}

void append(std::vector<int64_t>& values, const c10::CachingAllocator::DurationStat& stat) {
  const int64_t average = stat.count == 0 ? 0 : stat.total / stat.count;
  values.insert(values.end(), {stat.total, stat.max, stat.min, stat.count, average});
}

// In the order of lib/cuda/host_memory.ts.
std::vector<int64_t> cuda_host_memory_stats() {
  const at::HostStats stats = host_allocator().get_stats();
  std::vector<int64_t> values;
  for (const auto* stat :
       {&stats.allocations, &stats.allocated_bytes, &stats.active_requests, &stats.active_bytes}) {
    append(values, *stat);
  }
  append(values, stats.host_alloc_time);
  append(values, stats.host_free_time);
  values.insert(values.end(), {stats.num_host_alloc, stats.num_host_free});
  return values;
}

void cuda_reset_accumulated_host_stats() { host_allocator().reset_accumulated_stats(); }

void cuda_reset_peak_host_stats() { host_allocator().reset_peak_stats(); }

void cuda_empty_host_cache() { host_allocator().empty_cache(); }

}  // namespace

int64_t cuda_live_bytes() {
  auto* allocator = allocator_in_use();
  if (allocator == nullptr) return 0;
  int64_t bytes = 0;
  const c10::DeviceIndex count = guard().deviceCount();
  for (c10::DeviceIndex index = 0; index < count; ++index) {
    bytes += allocator->getDeviceStats(index).allocated_bytes[0].current;
  }
  return bytes;
}

int64_t cuda_live_bytes_lately() {
  static const bool is_loaded = cuda_is_loaded();
  if (!is_loaded) return 0;
  constexpr int kCallsBetween = 16;
  thread_local int calls = 0;
  thread_local int64_t bytes = 0;
  if (calls++ % kCallsBetween == 0) bytes = cuda_live_bytes();
  return bytes;
}

CudaSettings CudaSettings::current() {
  CudaSettings settings;
  if (allocator_in_use() == nullptr) return settings;
  const auto impl = guard();
  settings.device_ = impl.getDevice();
  const c10::DeviceIndex count = impl.deviceCount();
  for (c10::DeviceIndex index = 0; index < count; ++index) {
    settings.streams_.push_back(impl.getStream(device_of(index)));
  }
  return settings;
}

void CudaSettings::apply() const {
  if (!device_) return;
  const auto impl = guard();
  for (const c10::Stream& stream : streams_) impl.exchangeStream(stream);
  impl.setDevice(*device_);
}

void add_cuda(Bindings& bindings) {
  bindings.add<&cuda_is_loaded>("cuda_is_loaded");
  bindings.add<&cuda_init>("cuda_init");
  bindings.add<&cuda_is_initialized>("cuda_is_initialized");
  bindings.add<&show_config>("show_config");
  bindings.add<&cuda_device_count>("cuda_device_count");
  bindings.add<&cuda_get_device>("cuda_get_device");
  bindings.add<&cuda_set_device>("cuda_set_device");
  bindings.add<&cuda_exchange_device>("cuda_exchange_device");
  bindings.add<&cuda_restore_device>("cuda_restore_device");
  bindings.add<&cuda_synchronize>("cuda_synchronize");
  bindings.add<&device_properties>("cuda_device_properties");
  bindings.add<&can_access_peer>("cuda_can_access_peer");
  bindings.add<&cudnn_version>("cudnn_version");
  bindings.add<&cuda_live_bytes>("cuda_live_bytes");
  bindings.add<&cuda_memory_stats>("cuda_memory_stats");
  bindings.add<&cuda_reset_peak_stats>("cuda_reset_peak_stats");
  bindings.add<&cuda_reset_accumulated_stats>("cuda_reset_accumulated_stats");
  bindings.add<&cuda_mem_get_info>("cuda_mem_get_info");
  bindings.add<&cuda_empty_cache>("cuda_empty_cache");
  bindings.add<&cuda_host_memory_stats>("cuda_host_memory_stats");
  bindings.add<&cuda_reset_accumulated_host_stats>("cuda_reset_accumulated_host_stats");
  bindings.add<&cuda_reset_peak_host_stats>("cuda_reset_peak_host_stats");
  bindings.add<&cuda_empty_host_cache>("cuda_empty_host_cache");
  add_streams(bindings);
}

}  // namespace torch_losses
