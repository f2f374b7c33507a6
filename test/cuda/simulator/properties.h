// What simulated devices say of themselves.
#pragma once

#include <cuda_runtime_api.h>

namespace simulated_cuda {

constexpr int kVersion = 13000;  // of CUDA
constexpr const char* kName = "Simulated CUDA device";

// -1 where there is no such attribute. The driver numbers them as the runtime does.
int attribute(int number, int device);

cudaUUID_t uuid(int device);

cudaDeviceProp properties(int device);

}  // namespace simulated_cuda
