#include "operators/cuda_driver.h"

#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <array>

namespace torch_losses {
namespace {

// Declarations from cuda.h, copied so that the build does not need that header. The ABI is stable.
constexpr int kSuccess = 0;
using GetDevice = int(int* device, int ordinal);
using GetAttribute = int(int* value, int attribute, int device);
using GetName = int(char* name, int length, int device);
using GetTotalMemory = int(size_t* bytes, int device);
using GetUuid = int(std::array<unsigned char, 16>* uuid, int device);
using CanAccessPeer = int(int* can, int device, int peer);
using GetStreamPriority = int(void* stream, int* priority);
using GetStreamPriorityRange = int(int* least, int* greatest);

// The CUDA driver's library, if libtorch has loaded it. It stays loaded.
class Driver {
 public:
  Driver() : library_(dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD)) {}
  ~Driver() {
    if (library_ != nullptr) dlclose(library_);
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Calls a function by name. Returns false if it does not exist or fails.
  template <typename Function, typename... Arguments>
  bool call(const char* name, Arguments... arguments) const {
    if (library_ == nullptr) return false;
    auto* function = reinterpret_cast<Function*>(dlsym(library_, name));
    return function != nullptr && function(arguments...) == kSuccess;
  }

 private:
  void* library_;
};

}  // namespace

CudaDeviceProperties cuda_device_properties(c10::DeviceIndex index) {
  const Driver driver;
  CudaDeviceProperties properties;
  int device = 0;
  std::array<char, 256> name{};
  size_t memory = 0;
  const bool found =
      driver.call<GetDevice>("cuDeviceGet", &device, static_cast<int>(index)) &&
      driver.call<GetName>("cuDeviceGetName", name.data(), static_cast<int>(name.size()), device) &&
      driver.call<GetTotalMemory>("cuDeviceTotalMem_v2", &memory, device);
  TORCH_CHECK(found, "the CUDA driver does not describe device ", static_cast<int>(index));
  properties.name = name.data();
  properties.total_memory = static_cast<int64_t>(memory);
  properties.attributes.reserve(kCudaAttributes.size());
  for (int attribute : kCudaAttributes) {
    int value = 0;
    driver.call<GetAttribute>("cuDeviceGetAttribute", &value, attribute, device);
    properties.attributes.push_back(value);
  }
  std::array<unsigned char, 16> uuid{};
  if (driver.call<GetUuid>("cuDeviceGetUuid_v2", &uuid, device)) {
    properties.uuid.assign(uuid.begin(), uuid.end());
  }
  return properties;
}

int cuda_capability_major(c10::DeviceIndex index) {
  const Driver driver;
  int device = 0;
  int major = 0;
  const bool found =
      driver.call<GetDevice>("cuDeviceGet", &device, static_cast<int>(index)) &&
      driver.call<GetAttribute>("cuDeviceGetAttribute", &major, kComputeCapabilityMajor, device);
  return found ? major : 0;
}

bool cuda_can_access_peer(c10::DeviceIndex index, c10::DeviceIndex peer) {
  const Driver driver;
  int device = 0;
  int other = 0;
  int can = 0;
  return driver.call<GetDevice>("cuDeviceGet", &device, static_cast<int>(index)) &&
         driver.call<GetDevice>("cuDeviceGet", &other, static_cast<int>(peer)) &&
         driver.call<CanAccessPeer>("cuDeviceCanAccessPeer", &can, device, other) && can != 0;
}

int cuda_stream_priority(void* stream) {
  int priority = 0;
  TORCH_CHECK(Driver().call<GetStreamPriority>("cuStreamGetPriority", stream, &priority),
              "the CUDA driver does not tell the stream's priority");
  return priority;
}

std::pair<int, int> cuda_stream_priority_range() {
  int least = 0;
  int greatest = 0;
  TORCH_CHECK(
      Driver().call<GetStreamPriorityRange>("cuCtxGetStreamPriorityRange", &least, &greatest),
      "the CUDA driver does not tell the priorities of streams");
  return {least, greatest};
}

}  // namespace torch_losses
