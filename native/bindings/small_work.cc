#include "bindings/small_work.h"

#include <ATen/Parallel.h>

#include "bindings/libtorch_symbols.h"

namespace torch_losses {
namespace {

// The most elements of small work. log_softmax gains from a second idle core from about twice as
// many (measured).
constexpr int64_t kSmall = 4096;

// Functions of libtorch's own OpenMP and MKL; nullptr in a build without them. Unlike
// at::set_num_threads, they set the number of threads for the calling thread alone.
struct Libraries {
  void (*set_threads)(int) = nullptr;
  int (*exchange_mkl_threads)(int) = nullptr;

  Libraries() {
    find_in_libtorch(set_threads, "omp_set_num_threads");
    find_in_libtorch(exchange_mkl_threads, "MKL_Set_Num_Threads_Local");
  }
};

const Libraries& libraries() {
  static const Libraries found;
  return found;
}

}  // namespace

SmallWork::SmallWork(int64_t elements) {
  if (elements > kSmall) return;
  const Libraries& found = libraries();
  const int threads = at::get_num_threads();
  if (threads == 1 || found.set_threads == nullptr) return;
  threads_ = threads;
  found.set_threads(1);
  if (found.exchange_mkl_threads != nullptr) mkl_threads_ = found.exchange_mkl_threads(1);
}

SmallWork::~SmallWork() {
  if (threads_ == 0) return;
  const Libraries& found = libraries();
  found.set_threads(threads_);
  // 0 stands for the number of the process.
  if (found.exchange_mkl_threads != nullptr) found.exchange_mkl_threads(mkl_threads_);
}

}  // namespace torch_losses
