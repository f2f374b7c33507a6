// The threads of libtorch that work runs on: for small work, the one that asks.
#pragma once

#include <c10/util/FunctionRef.h>

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

// Calls `body` with parts of 0 to `count`, and the number of the thread that has each: the parts
// and the threads that at::parallel_for gives them to. (That is compiled into its callers, who
// would bring an OpenMP of their own.) Where libtorch has another way to run threads, one after the
// other.
void parallel_for(int64_t count, int64_t grain,
                  c10::function_ref<void(int64_t thread, int64_t begin, int64_t end)> body);

}  // namespace torch_losses
