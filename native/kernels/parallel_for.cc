#include "kernels/parallel_for.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "bindings/libtorch_symbols.h"

namespace torch_losses::kernels {
namespace {

// Functions of libtorch's own OpenMP; nullptr in a build without it.
struct OpenMp {
  void (*parallel)(void (*function)(void*), void* data, unsigned threads, unsigned flags) = nullptr;
  int (*threads)() = nullptr;
  int (*thread)() = nullptr;

  OpenMp() {
    find_in_libtorch(threads, "omp_get_num_threads");
    find_in_libtorch(thread, "omp_get_thread_num");
    if (threads != nullptr && thread != nullptr) find_in_libtorch(parallel, "GOMP_parallel");
  }
};

const OpenMp& open_mp() {
  static const OpenMp found;
  return found;
}

struct Division {
  int64_t count;
  int64_t grain;
  c10::function_ref<void(int64_t, int64_t, int64_t)> body;

  // Runs one thread's part of the loop.
  void run(int64_t threads, int64_t thread) const {
    const int64_t parts = std::min(threads, at::divup(count, grain));
    const int64_t size = at::divup(count, parts);
    const int64_t begin = thread * size;
    if (begin < count) body(thread, begin, std::min(count, begin + size));
  }
};

}  // namespace

void parallel_for(int64_t count, int64_t grain,
                  c10::function_ref<void(int64_t thread, int64_t begin, int64_t end)> body) {
  const Division division{count, grain, body};
  const int threads = at::get_num_threads();
  if (count <= grain || threads == 1 || at::in_parallel_region()) {
    division.run(1, 0);
  } else if (open_mp().parallel != nullptr) {
    open_mp().parallel(
        [](void* data) {
          static_cast<Division*>(data)->run(open_mp().threads(), open_mp().thread());
        },
        const_cast<Division*>(&division), 0, 0);
  } else {
    for (int thread = 0; thread < threads; ++thread) division.run(threads, thread);
  }
}

}  // namespace torch_losses::kernels
