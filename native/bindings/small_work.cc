#include "bindings/small_work.h"

#include <ATen/Parallel.h>

#include <algorithm>

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
  void (*parallel)(void (*function)(void*), void* data, unsigned threads, unsigned flags) = nullptr;
  int (*threads)() = nullptr;
  int (*thread)() = nullptr;

  Libraries() {
    const auto find = [&]<typename Function>(Function*& function, const char* name) {
      function = reinterpret_cast<Function*>(symbol_of_libtorch(name));
    };
    find(set_threads, "omp_set_num_threads");
    find(exchange_mkl_threads, "MKL_Set_Num_Threads_Local");
    find(threads, "omp_get_num_threads");
    find(thread, "omp_get_thread_num");
    if (threads != nullptr && thread != nullptr) find(parallel, "GOMP_parallel");
  }
};

const Libraries& libraries() {
  static const Libraries found;
  return found;
}

struct Division {
  int64_t count;
  int64_t grain;
  c10::function_ref<void(int64_t, int64_t, int64_t)> body;

  // Runs the part of one of `threads` threads.
  void run(int64_t threads, int64_t thread) const {
    const int64_t parts = std::min(threads, at::divup(count, grain));
    const int64_t size = at::divup(count, parts);
    const int64_t begin = thread * size;
    if (begin < count) body(thread, begin, std::min(count, begin + size));
  }
};

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

void parallel_for(int64_t count, int64_t grain,
                  c10::function_ref<void(int64_t thread, int64_t begin, int64_t end)> body) {
  const Division division{count, grain, body};
  const int threads = at::get_num_threads();
  if (count <= grain || threads == 1 || at::in_parallel_region()) {
    division.run(1, 0);
  } else if (libraries().parallel != nullptr) {
    libraries().parallel(
        [](void* data) {
          static_cast<Division*>(data)->run(libraries().threads(), libraries().thread());
        },
        const_cast<Division*>(&division), 0, 0);
  } else {
    for (int thread = 0; thread < threads; ++thread) division.run(threads, thread);
  }
}

}  // namespace torch_losses
