// A simulated CUDA device. All of libtorch's CUDA code except its kernels runs on it. A preloaded
// library replaces the CUDA runtime and the driver, and computes operators with CPU kernels.
#pragma once

#include <cstddef>

// The functions of the runtime library that the operators library calls.
extern "C" {

// Returns the address at which the host can access the bytes of a device pointer. The pointer
// itself causes a segmentation fault on the host, as with a real device.
void* simulated_cuda_host_pointer(const void* device_pointer);

// Runs the deferred work of a stream, so that memory is as a kernel on this stream would see it.
void simulated_cuda_catch_up(void* stream);
}
