#include "threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

namespace torch_losses {
namespace {

// Measured: from about twice as many elements on, log_softmax gains from a second idle core.
constexpr int64_t kSmall = 4096;

// at::set_num_threads is for the process. These are for the calling thread, and belong to the
// OpenMP and the MKL that libtorch carries, so they are looked up among what it loaded; a build
// without one has nothing to set there.
struct ThreadCounts {
  using Set = void (*)(int);
  using Exchange = int (*)(int);
  Set set_openmp = nullptr;
  Exchange exchange_mkl = nullptr;

  ThreadCounts() {
    void* libtorch = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
    if (libtorch == nullptr) return;
    set_openmp = reinterpret_cast<Set>(dlsym(libtorch, "omp_set_num_threads"));
    exchange_mkl = reinterpret_cast<Exchange>(dlsym(libtorch, "MKL_Set_Num_Threads_Local"));
    dlclose(libtorch);
  }
};

const ThreadCounts& thread_counts() {
  static const ThreadCounts counts;
  return counts;
}

}  // namespace

SmallWork::SmallWork(int64_t elements) {
  if (elements > kSmall) return;
  const ThreadCounts& counts = thread_counts();
  const int threads = at::get_num_threads();
  if (threads == 1 || counts.set_openmp == nullptr) return;
  threads_ = threads;
  counts.set_openmp(1);
  if (counts.exchange_mkl != nullptr) mkl_threads_ = counts.exchange_mkl(1);
}

SmallWork::~SmallWork() {
  if (threads_ == 0) return;
  const ThreadCounts& counts = thread_counts();
  counts.set_openmp(threads_);
  // 0 stands for "as the process has it".
  if (counts.exchange_mkl != nullptr) counts.exchange_mkl(mkl_threads_);
}

}  // namespace torch_losses
