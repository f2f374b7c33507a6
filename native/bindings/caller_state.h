// The state that a job takes over from the thread that submits it, so that it computes as a call on
// that thread would.
#pragma once

#include <ATen/ThreadLocalState.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <c10/core/Stream.h>

#include <optional>
#include <vector>

namespace torch_losses {

// Sets whether the calling thread treats denormal numbers as zero. Returns false if the processor
// cannot.
bool set_flush_denormal(bool mode);

class CallerState {
 public:
  // Captures the state of the calling thread.
  CallerState();

  // libtorch's own part: grad mode, dispatch keys, whether autocast is on. For a guard.
  const at::ThreadLocalState& thread_local_state() const { return state_; }

  // Sets what at::ThreadLocalState omits on the calling thread: the number of threads, autocast's
  // dtypes, the flushing of denormal numbers, CUDA's current device and streams. Throws if CUDA
  // fails.
  void apply() const;

 private:
  at::ThreadLocalState state_;
  int threads_;
  bool flushes_denormals_;
  at::ScalarType cpu_autocast_dtype_;
  at::ScalarType cuda_autocast_dtype_;
  // Unset before CUDA is used.
  std::optional<c10::Device> cuda_device_;
  std::vector<c10::Stream> cuda_streams_;
};

}  // namespace torch_losses
