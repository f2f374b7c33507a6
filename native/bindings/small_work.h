// The number of threads that libtorch's kernels use: only the calling one for small tensors.
#pragma once

#include <cstdint>

namespace torch_losses {

// While an instance exists, kernels called on this thread use no other, if there are so few
// elements that a second thread costs more than it saves.
//
// Some of libtorch's kernels distribute even a few hundred elements over threads: log_softmax and
// log_sigmoid, the backward pass of nll_loss, CTC, and MKL's vector mathematics for exp and log.
// Waking the threads takes longer than the arithmetic, and 10 times as long on a busy machine. The
// bits are the same, because these kernels distribute rows or elements, never the terms of a sum.
// Do not use it for matrix products: there MKL's order of summation may depend on the threads.
class SmallWork {
 public:
  explicit SmallWork(int64_t elements);
  ~SmallWork();
  SmallWork(const SmallWork&) = delete;
  SmallWork& operator=(const SmallWork&) = delete;

 private:
  // The numbers to restore; 0 if nothing was changed.
  int threads_ = 0;
  int mkl_threads_ = 0;
};

}  // namespace torch_losses
