// The properties of simulated devices.
#pragma once

#include <cuda_runtime_api.h>

namespace simulated_cuda {

constexpr int kVersion = 13000;  // of CUDA
constexpr const char* kName = "Simulated CUDA device";

// Returns -1 for an unknown attribute. The driver and the runtime use the same numbers.
int attribute(int number, int device);

cudaUUID_t uuid(int device);

cudaDeviceProp properties(int device);

}  // namespace simulated_cuda
