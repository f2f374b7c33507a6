// NCCL, whose process group is in libtorch_cuda.
#pragma once

#include "bindings/node_api.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "distributed/c10d.h"
#include "distributed/stores.h"

namespace torch_losses::distributed {

using BackendPointer = c10::intrusive_ptr<c10d::Backend>;

// A group whose communicator is split, and the number that the members of the part have in common.
struct Split {
  BackendPointer from;
  int color;
};

struct NcclOptions {
  std::string group_name;
  std::vector<int64_t> ranks;  // of the members in the default group
  std::chrono::milliseconds timeout;
  std::optional<Split> split;
};

// Returns the color of a part, from the ranks of its members. It is that of Python, whose processes
// may be members, too.
int split_color(const std::vector<int64_t>& ranks);

// Throws as Python does if there is no GPU, and if this libtorch's NCCL is not the one that the
// addon knows.
BackendPointer make_nccl(const StorePointer& store, int rank, int size, const NcclOptions& options);

// Takes part in a split of which this process is no member.
void split_without_member(const BackendPointer& backend, at::Device device);

}  // namespace torch_losses::distributed
