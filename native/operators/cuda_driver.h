// Queries of the CUDA driver, for what libtorch's headers of CPU builds do not offer.
#pragma once

#include <c10/core/Device.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace torch_losses {

constexpr int kComputeCapabilityMajor = 75;

// The driver's numbers (CUdevice_attribute in cuda.h) of the attributes in CudaDeviceProperties, in
// the order of lib/cuda/device.ts.
constexpr std::array<int, 19> kCudaAttributes = {
    kComputeCapabilityMajor,
    76,  // COMPUTE_CAPABILITY_MINOR
    16,  // MULTIPROCESSOR_COUNT
    18,  // INTEGRATED
    84,  // MULTI_GPU_BOARD
    39,  // MAX_THREADS_PER_MULTIPROCESSOR
    1,   // MAX_THREADS_PER_BLOCK
    82,  // MAX_REGISTERS_PER_MULTIPROCESSOR
    10,  // WARP_SIZE
    8,   // MAX_SHARED_MEMORY_PER_BLOCK
    81,  // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    97,  // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    38,  // L2_CACHE_SIZE
    13,  // CLOCK_RATE
    36,  // MEMORY_CLOCK_RATE
    37,  // GLOBAL_MEMORY_BUS_WIDTH
    33,  // PCI_BUS_ID
    34,  // PCI_DEVICE_ID
    50,  // PCI_DOMAIN_ID
};

struct CudaDeviceProperties {
  std::string name;
  int64_t total_memory = 0;
  std::vector<int64_t> attributes;
  // 16 bytes, or empty if the driver does not tell.
  std::vector<int64_t> uuid;
};

// Throws if no driver is loaded, or if it has no such device.
CudaDeviceProperties cuda_device_properties(c10::DeviceIndex device);

// Returns the major number of a device's compute capability, as
// torch.cuda.get_device_capability(device)[0] does; 0 if no driver is loaded.
int cuda_capability_major(c10::DeviceIndex device);

// Whether a device can read a peer's memory.
bool cuda_can_access_peer(c10::DeviceIndex device, c10::DeviceIndex peer);

// Returns the priority of a stream of the current device. A lower number runs sooner. Throws if the
// driver does not tell.
int cuda_stream_priority(void* stream);

// Returns the least and the greatest priority that the current device distinguishes.
std::pair<int, int> cuda_stream_priority_range();

}  // namespace torch_losses
