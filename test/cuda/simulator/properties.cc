#include "properties.h"

#include <cstring>

#include "memory.h"

namespace simulated_cuda {

int attribute(int number, int device) {
  switch (number) {
    case cudaDevAttrComputeCapabilityMajor: return 9;
    case cudaDevAttrComputeCapabilityMinor: return 0;
    case cudaDevAttrMultiProcessorCount: return 132;
    case cudaDevAttrIntegrated: return 0;
    case cudaDevAttrIsMultiGpuBoard: return 0;
    case cudaDevAttrMaxThreadsPerMultiProcessor: return 2048;
    case cudaDevAttrMaxThreadsPerBlock: return 1024;
    case cudaDevAttrMaxRegistersPerMultiprocessor: return 65536;
    case cudaDevAttrMaxRegistersPerBlock: return 65536;
    case cudaDevAttrWarpSize: return 32;
    case cudaDevAttrMaxSharedMemoryPerBlock: return 48 << 10;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: return 228 << 10;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: return 227 << 10;
    case cudaDevAttrL2CacheSize: return 50 << 20;
    case cudaDevAttrClockRate: return 1'980'000;
    case cudaDevAttrMemoryClockRate: return 2'619'000;
    case cudaDevAttrGlobalMemoryBusWidth: return 5120;
    case cudaDevAttrPciBusId: return 16 + device;
    case cudaDevAttrPciDeviceId: return 0;
    case cudaDevAttrPciDomainId: return 0;
    case cudaDevAttrUnifiedAddressing: return 1;
    case cudaDevAttrMaxGridDimX: return 2147483647;
    default: return -1;
  }
}

cudaUUID_t uuid(int device) {
  cudaUUID_t id{};
  std::strncpy(id.bytes, "simulated", sizeof id.bytes);
  id.bytes[sizeof id.bytes - 1] = static_cast<char>(device);
  return id;
}

cudaDeviceProp properties(int device) {
  cudaDeviceProp is{};
  std::strncpy(is.name, kName, sizeof is.name - 1);
  is.uuid = uuid(device);
  is.totalGlobalMem = total_memory();
  is.major = attribute(cudaDevAttrComputeCapabilityMajor, device);
  is.minor = attribute(cudaDevAttrComputeCapabilityMinor, device);
  is.multiProcessorCount = attribute(cudaDevAttrMultiProcessorCount, device);
  is.integrated = attribute(cudaDevAttrIntegrated, device);
  is.isMultiGpuBoard = attribute(cudaDevAttrIsMultiGpuBoard, device);
  is.maxThreadsPerMultiProcessor = attribute(cudaDevAttrMaxThreadsPerMultiProcessor, device);
  is.maxThreadsPerBlock = attribute(cudaDevAttrMaxThreadsPerBlock, device);
  is.regsPerMultiprocessor = attribute(cudaDevAttrMaxRegistersPerMultiprocessor, device);
  is.regsPerBlock = attribute(cudaDevAttrMaxRegistersPerBlock, device);
  is.warpSize = attribute(cudaDevAttrWarpSize, device);
  is.sharedMemPerBlock = attribute(cudaDevAttrMaxSharedMemoryPerBlock, device);
  is.sharedMemPerMultiprocessor = attribute(cudaDevAttrMaxSharedMemoryPerMultiprocessor, device);
  is.sharedMemPerBlockOptin = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  is.l2CacheSize = attribute(cudaDevAttrL2CacheSize, device);
  is.memoryBusWidth = attribute(cudaDevAttrGlobalMemoryBusWidth, device);
  is.pciBusID = attribute(cudaDevAttrPciBusId, device);
  is.pciDeviceID = attribute(cudaDevAttrPciDeviceId, device);
  is.pciDomainID = attribute(cudaDevAttrPciDomainId, device);
  is.unifiedAddressing = 1;
  is.canMapHostMemory = 1;
  is.concurrentKernels = 1;
  is.maxThreadsDim[0] = is.maxThreadsDim[1] = 1024;
  is.maxThreadsDim[2] = 64;
  is.maxGridSize[0] = attribute(cudaDevAttrMaxGridDimX, device);
  is.maxGridSize[1] = is.maxGridSize[2] = 65535;
  is.streamPrioritiesSupported = 1;
  return is;
}

}  // namespace simulated_cuda
