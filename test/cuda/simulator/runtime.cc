// The functions of the CUDA runtime that libtorch calls, as cuda_runtime_api.h declares them. The
// library is preloaded, so these replace the functions of libcudart. Launching a kernel is an
// error.
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

#include "memory.h"
#include "properties.h"
#include "simulator.h"
#include "streams.h"

namespace {

using namespace simulated_cuda;

thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;

cudaError_t answer(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

cudaError_t answer(bool is_right, cudaError_t otherwise) {
  return answer(is_right ? cudaSuccess : otherwise);
}

bool is_device(int device) { return device >= 0 && device < device_count(); }

Stream* of(cudaStream_t stream) {
  const bool is_default =
      stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
  return stream_or_default(is_default ? nullptr : reinterpret_cast<Stream*>(stream),
                           current_device);
}

Event* of(cudaEvent_t event) { return reinterpret_cast<Event*>(event); }

// Registers the operators when the devices are counted, because libtorch is loaded then.
void load_operators() {
  static std::once_flag once;
  std::call_once(once, [] {
    Dl_info own{};
    dladdr(reinterpret_cast<void*>(&load_operators), &own);
    const auto path =
        std::filesystem::path(own.dli_fname).parent_path() / "simulated_cuda_operators.so";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      std::fprintf(stderr, "%s\n", dlerror());
      std::abort();
    }
    reinterpret_cast<void (*)()>(dlsym(library, "simulated_cuda_take_operators"))();
  });
}

// As in CUDA, host memory that is not pinned is read or written before the call returns.
cudaError_t copy(void* to, const void* from, size_t bytes, cudaStream_t stream, bool waits) {
  const bool is_pageable =
      locate(to).place == Place::kElsewhere || locate(from).place == Place::kElsewhere;
  put_off(of(stream), [=] { std::memcpy(host_view(to), host_view(from), bytes); });
  if (waits || is_pageable) catch_up(of(stream));
  return cudaSuccess;
}

cudaError_t set(void* to, int value, size_t bytes, cudaStream_t stream) {
  put_off(of(stream), [=] { std::memset(host_view(to), value, bytes); });
  return cudaSuccess;
}

}  // namespace

void* simulated_cuda_host_pointer(const void* device_pointer) { return host_view(device_pointer); }

void simulated_cuda_catch_up(void* stream) { catch_up(of(static_cast<cudaStream_t>(stream))); }

extern "C" {

// --- devices -------------------------------------------------------------------------------------

cudaError_t cudaGetDeviceCount(int* count) {
  load_operators();
  *count = device_count();
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  current_device = device;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* prop, int device) {
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  *prop = properties(device);
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attr, int device) {
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  *value = attribute(attr, device);
  return answer(*value >= 0, cudaErrorInvalidValue);
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device) {
  std::snprintf(text, length, "0000:%02x:00.0", attribute(cudaDevAttrPciBusId, device));
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  catch_up_all(current_device);
  return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  if (!is_device(device) || !is_device(peer)) return answer(cudaErrorInvalidDevice);
  *can = device != peer;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int, unsigned int) { return cudaSuccess; }

cudaError_t cudaDriverGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

// --- errors --------------------------------------------------------------------------------------

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

cudaError_t cudaPeekAtLastError() { return last_error; }

// --- memory --------------------------------------------------------------------------------------

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  *pointer = allocate(current_device, bytes);
  return answer(*pointer != nullptr, cudaErrorMemoryAllocation);
}

cudaError_t cudaFree(void* pointer) {
  catch_up_all(current_device);
  return answer(pointer == nullptr || release(pointer), cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = free_memory(current_device);
  *total = total_memory();
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned int) {
  *pointer = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (*pointer == nullptr) return answer(cudaErrorMemoryAllocation);
  pin(*pointer, bytes);
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* pointer) {
  if (!unpin(pointer)) return answer(cudaErrorInvalidValue);
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned int) {
  pin(pointer, bytes);
  return cudaSuccess;
}

cudaError_t cudaHostUnregister(void* pointer) {
  return answer(unpin(pointer), cudaErrorHostMemoryNotRegistered);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  const Location location = locate(pointer);
  auto* place = const_cast<void*>(pointer);
  const bool is_device = location.place == Place::kDevice;
  const auto type = is_device                          ? cudaMemoryTypeDevice
                    : location.place == Place::kPinned ? cudaMemoryTypeHost
                                                       : cudaMemoryTypeUnregistered;
  *attributes = {};
  attributes->type = type;
  attributes->device = location.device;
  attributes->devicePointer = type == cudaMemoryTypeUnregistered ? nullptr : place;
  attributes->hostPointer = is_device ? nullptr : place;
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  return copy(to, from, bytes, nullptr, true);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return copy(to, from, bytes, stream, false);
}

cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t bytes,
                                cudaStream_t stream) {
  return copy(to, from, bytes, stream, false);
}

cudaError_t cudaMemset(void* to, int value, size_t bytes) { return set(to, value, bytes, nullptr); }

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  return set(to, value, bytes, stream);
}

// --- streams -------------------------------------------------------------------------------------

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int, int priority) {
  *stream = reinterpret_cast<cudaStream_t>(create_stream(current_device, priority));
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  destroy_stream(of(stream));
  return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
  *priority = priority_of(of(stream));
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return is_done(of(stream)) ? cudaSuccess : answer(cudaErrorNotReady);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  catch_up(of(stream));
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int) {
  wait(of(stream), of(event));
  return cudaSuccess;
}

cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* data,
                                  unsigned int) {
  put_off(of(stream), [=] { callback(stream, cudaSuccess, data); });
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  put_off(of(stream), [=] { function(data); });
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t, cudaStreamCaptureStatus* status,
                                     unsigned long long*, cudaGraph_t*, const cudaGraphNode_t**,
                                     const cudaGraphEdgeData**, size_t*) {
  *status = cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode*) { return cudaSuccess; }

// --- events --------------------------------------------------------------------------------------

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  const bool is_timed = (flags & cudaEventDisableTiming) == 0;
  *event = reinterpret_cast<cudaEvent_t>(create_event(is_timed));
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  destroy_event(of(event));
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  record(of(event), of(stream));
  return cudaSuccess;
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int) {
  return cudaEventRecord(event, stream);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return is_done(of(event)) ? cudaSuccess : answer(cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  catch_up(of(event));
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (!has_time(of(start)) || !has_time(of(end))) {
    return answer(cudaErrorInvalidResourceHandle);
  }
  if (!is_done(of(start)) || !is_done(of(end))) return answer(cudaErrorNotReady);
  *milliseconds = static_cast<float>(1e3 * seconds_between(of(start), of(end)));
  return cudaSuccess;
}

// --- kernels -------------------------------------------------------------------------------------

cudaError_t __cudaGetKernel(void** kernel, const void* function) {
  *kernel = const_cast<void*>(function);
  return cudaSuccess;
}

cudaError_t __cudaLaunchKernel(void*, dim3, dim3, void**, size_t, cudaStream_t) {
  return answer(cudaErrorNotSupported);
}

cudaError_t cudaLaunchKernel(const void*, dim3, dim3, void**, size_t, cudaStream_t) {
  return answer(cudaErrorNotSupported);
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t*, const void*, void**) {
  return answer(cudaErrorNotSupported);
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
  *attributes = {};
  attributes->maxThreadsPerBlock = 1024;
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }

// --- the driver's functions ----------------------------------------------------------------------

cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned int,
                                             unsigned long long,
                                             cudaDriverEntryPointQueryResult* status) {
  static void* const own = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  *function = dlsym(own, symbol);
  if (*function == nullptr) *function = dlsym(own, "simulated_cuda_unsupported");
  if (status != nullptr) *status = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}

}  // extern "C"
