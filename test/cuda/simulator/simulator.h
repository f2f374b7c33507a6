// A simulated CUDA device, on which all of libtorch's CUDA code but its kernels runs: the library
// that is preloaded stands for the CUDA runtime and the driver, and computes operators with the
// CPU's kernels.
#pragma once

#include <cstddef>

// What the operators ask of the runtime, which is another library.
extern "C" {

// Where the host reads and writes what a device's pointer means. The pointer itself cannot be read
// by the host, as with a real device: it is a segmentation fault.
void* simulated_cuda_host_pointer(const void* device_pointer);

// Does what has been put off on a stream, as a kernel that is given to it would find it.
void simulated_cuda_catch_up(void* stream);
}
