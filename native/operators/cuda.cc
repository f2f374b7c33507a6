// CUDA, through libtorch's device-independent headers, so that one binary serves its CPU and CUDA
// builds. Source: torch/csrc/cuda/Module.cpp.
#include <ATen/Context.h>
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <atomic>
#include <utility>

#include "bindings/bindings.h"
#include "memory/live_bytes.h"
#include "operators/cuda_driver.h"

namespace torch_losses {
namespace {

using c10::CachingDeviceAllocator::DeviceStats;

c10::DeviceIndex index_of(int64_t index) {
  TORCH_CHECK(std::in_range<c10::DeviceIndex>(index), "Overflow when unpacking DeviceIndex");
  return static_cast<c10::DeviceIndex>(index);
}
c10::Device device_of(int64_t index) { return {c10::kCUDA, index_of(index)}; }
c10::impl::VirtualGuardImpl guard() { return {c10::kCUDA}; }

// --- devices -------------------------------------------------------------------------------------

// Whether libtorch_cuda is loaded. It is not on a machine without a driver.
bool cuda_is_loaded() { return c10::impl::hasDeviceGuardImpl(c10::kCUDA); }

// Whether any thread has called cuda_init. libtorch's own flag will not do: setting a seed
// initialises libtorch's CUDA state, which Python does not show.
std::atomic<bool> initialized{false};

// Initialises CUDA. Throws Python's errors if there is no driver or no device.
void cuda_init() {
  at::globalContext().lazyInitDevice(c10::kCUDA);
  initialized = true;
}

napi_value device_properties(Environment& environment, int64_t index) {
  CudaDeviceProperties properties = cuda_device_properties(index_of(index));
  napi_value object = new_object(environment);
  set_property(environment, object, "name", properties.name);
  set_property(environment, object, "total_memory", properties.total_memory);
  set_property(environment, object, "attributes", properties.attributes);
  set_property(environment, object, "uuid", properties.uuid);
  return object;
}

// Returns cuDNN's version, or nothing if this libtorch has no cuDNN.
std::optional<int64_t> cudnn_version() {
  const auto& hooks = at::detail::getCUDAHooks();
  if (!hooks.compiledWithCuDNN()) return std::nullopt;
  return hooks.versionRuntimeCuDNN();
}

// --- device memory -------------------------------------------------------------------------------

c10::DeviceAllocator& device_allocator() { return *at::getDeviceAllocator(c10::kCUDA); }

void append(std::vector<int64_t>& values, const c10::CachingAllocator::Stat& stat) {
  values.insert(values.end(), {stat.current, stat.peak, stat.allocated, stat.freed});
}

void append(std::vector<int64_t>& values, const c10::CachingAllocator::StatArray& stats) {
  for (const auto& stat : stats) append(values, stat);
}

// Appends a number that libtorch 2.11 and 2.12 may lack.
template <typename Stats>
void append_rejections(std::vector<int64_t>& values, const Stats& stats) {
  if constexpr (requires { stats.num_oom_rejections; }) {
    values.push_back(stats.num_oom_rejections);
  }
}

// Returns a device's statistics in the order of lib/cuda/memory.ts; none before CUDA is used.
std::vector<int64_t> cuda_memory_stats(int64_t index) {
  auto* allocator = cuda_allocator();
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

// Returns the free and the total bytes of a device.
std::vector<size_t> cuda_mem_get_info(int64_t index) {
  auto [free, total] = device_allocator().getMemoryInfo(index_of(index));
  return {free, total};
}

void cuda_empty_cache() {
  if (auto* allocator = cuda_allocator()) allocator->emptyCache();
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

// Returns the statistics of pinned memory in the order of lib/cuda/host_memory.ts.
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

void add_devices(Bindings& bindings) {
  bindings.add<&cuda_is_loaded>("cuda_is_loaded");
  bindings.add<&cuda_init>("cuda_init");
  bindings.add("cuda_is_initialized", [] { return initialized.load(); });
  bindings.add("cuda_device_count", [] { return torch::cuda::device_count(); });
  bindings.add("cuda_get_device", [] { return guard().getDevice().index(); });
  bindings.add("cuda_set_device", [](int64_t index) { guard().setDevice(device_of(index)); });
  // Makes a device the current one and returns the previous one.
  bindings.add("cuda_exchange_device",
               [](int64_t index) { return guard().exchangeDevice(device_of(index)).index(); });
  // Makes a device the current one again, without creating a context if it has none.
  bindings.add("cuda_restore_device",
               [](int64_t index) { guard().uncheckedSetDevice(device_of(index)); });
  bindings.add("cuda_synchronize",
               [](int64_t index) { guard().synchronizeDevice(index_of(index)); });
  bindings.add<&device_properties>("cuda_device_properties");
  bindings.add("cuda_can_access_peer", [](int64_t index, int64_t peer) {
    return cuda_can_access_peer(index_of(index), index_of(peer));
  });
  bindings.add<&cudnn_version>("cudnn_version");
}

void add_memory(Bindings& bindings) {
  bindings.add<&cuda_live_bytes>("cuda_live_bytes");
  bindings.add<&cuda_memory_stats>("cuda_memory_stats");
  bindings.add("cuda_reset_peak_stats",
               [](int64_t index) { device_allocator().resetPeakStats(index_of(index)); });
  bindings.add("cuda_reset_accumulated_stats",
               [](int64_t index) { device_allocator().resetAccumulatedStats(index_of(index)); });
  bindings.add<&cuda_mem_get_info>("cuda_mem_get_info");
  bindings.add<&cuda_empty_cache>("cuda_empty_cache");
  bindings.add<&cuda_host_memory_stats>("cuda_host_memory_stats");
  bindings.add("cuda_reset_accumulated_host_stats",
               [] { host_allocator().reset_accumulated_stats(); });
  bindings.add("cuda_reset_peak_host_stats", [] { host_allocator().reset_peak_stats(); });
  bindings.add("cuda_empty_host_cache", [] { host_allocator().empty_cache(); });
}

}  // namespace

void add_cuda(Bindings& bindings) {
  add_devices(bindings);
  add_memory(bindings);
}

}  // namespace torch_losses
