// CUDA as libtorch's CPU headers know it, so that one binary serves its CPU and CUDA builds.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace torch_losses {

class Bindings;

// Bytes of CUDA memory that tensors hold, on all devices; 0 before CUDA is used.
int64_t cuda_live_bytes();

// The same for the hot path, read anew every few calls of a thread.
int64_t cuda_live_bytes_lately();

// What a thread has set of CUDA, for a job to run as its caller would: the current device, and the
// current stream of each. Empty before CUDA is used.
class CudaSettings {
 public:
  static CudaSettings current();
  void apply() const;

 private:
  std::optional<c10::Device> device_;
  std::vector<c10::Stream> streams_;
};

void add_cuda(Bindings& bindings);

}  // namespace torch_losses
