// Divides a loop among libtorch's threads.
#pragma once

#include <c10/util/FunctionRef.h>

#include <cstdint>

namespace torch_losses::kernels {

// Calls `body` for parts of the range 0 to `count`, with the number of the thread that runs each
// part. Parts and threads are those of at::parallel_for, which is not used because its inline code
// needs OpenMP at compile time. Runs the parts in turn if libtorch does not use OpenMP.
void parallel_for(int64_t count, int64_t grain,
                  c10::function_ref<void(int64_t thread, int64_t begin, int64_t end)> body);

}  // namespace torch_losses::kernels
