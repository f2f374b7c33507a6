// How many threads small work runs on: the one that asks.
#pragma once

#include <cstdint>

namespace torch_losses {

// While it lives, the kernels of this thread stay on it, if the work is that of so few elements
// that a second thread costs more than it saves.
//
// Some of libtorch's kernels divide even a few hundred elements among its threads: log_softmax and
// log_sigmoid, the backward pass of nll_loss, CTC, and MKL's vector mathematics under exp and log.
// Waking those threads takes longer than the arithmetic, and 10 times as long where the machine has
// other work. The bits are the same: these kernels divide rows or elements, never a sum. Matrix
// products do not belong here: MKL's sums may follow the number of threads.
class SmallWork {
 public:
  explicit SmallWork(int64_t elements);
  ~SmallWork();
  SmallWork(const SmallWork&) = delete;
  SmallWork& operator=(const SmallWork&) = delete;

 private:
  // To go back to; 0 where nothing was changed.
  int threads_ = 0;
  int mkl_threads_ = 0;
};

}  // namespace torch_losses
