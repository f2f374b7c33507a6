// Parts of files as tensors, without a copy.
//
// The system sends SIGBUS to a thread that reads a mapped page which the file no longer has,
// because the file became shorter or its disk failed. By default, that ends the process. The
// handler here puts zeros in place of the rest of the part, and notes it. Whoever uses such a
// tensor asks afterwards whether the part was whole.
#include <ATen/ops/from_blob.h>
#include <c10/util/accumulate.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "bindings/tasks.h"

namespace torch_losses {
namespace {

// A mapped part, which the handler of the signal looks up.
struct Part {
  std::atomic<uintptr_t> start{0};  // 0: the place is free
  std::atomic<uintptr_t> end{0};
  std::atomic<bool> is_cut{false};
};

const auto kPage = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));

// Places for parts. More parts at the same time are not mapped.
std::array<Part, 256> parts;
std::mutex parts_mutex;
struct sigaction earlier_handler;

Part* part_at(uintptr_t address) {
  for (Part& part : parts) {
    const uintptr_t start = part.start.load();
    if (start != 0 && start <= address && address < part.end.load()) return &part;
  }
  return nullptr;
}

void pass_on(int signal, siginfo_t* info, void* context) {
  if ((earlier_handler.sa_flags & SA_SIGINFO) != 0) {
    earlier_handler.sa_sigaction(signal, info, context);
  } else if (earlier_handler.sa_handler != SIG_DFL && earlier_handler.sa_handler != SIG_IGN) {
    earlier_handler.sa_handler(signal);
  } else {
    sigaction(signal, &earlier_handler, nullptr);
    raise(signal);  // takes effect when this handler returns
  }
}

// Calls nothing that a handler of a signal may not: mmap is a bare system call.
void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  Part* part = info->si_code > 0 ? part_at(address) : nullptr;
  if (part == nullptr) {
    pass_on(signal, info, context);
  } else {
    part->is_cut = true;
    const uintptr_t page = address & ~(kPage - 1);
    void* zeros = mmap(reinterpret_cast<void*>(page), part->end - page, PROT_READ | PROT_WRITE,
                       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (zeros == MAP_FAILED) pass_on(signal, info, context);
  }
  errno = error;
}

Part* claim_part(void* start, size_t size) {
  const std::lock_guard lock(parts_mutex);
  static const bool has_handler = [] {
    struct sigaction handler = {};
    handler.sa_sigaction = on_bus_error;
    handler.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    return sigaction(SIGBUS, &handler, &earlier_handler) == 0;
  }();
  auto* part =
      std::find_if(parts.begin(), parts.end(), [](const Part& each) { return each.start == 0; });
  if (!has_handler || part == parts.end()) return nullptr;
  part->is_cut = false;
  part->end = reinterpret_cast<uintptr_t>(start) + size;
  part->start = reinterpret_cast<uintptr_t>(start);
  return part;
}

// The deleter of a tensor's memory.
void unmap(void* context) {
  auto* part = static_cast<Part*>(context);
  const uintptr_t start = part->start;
  const size_t size = part->end - start;
  part->start = 0;  // first, because the system may give the addresses to another part
  munmap(reinterpret_cast<void*>(start), size);
}

// Returns a part of a file as a tensor, or nothing if the system cannot map it. What is written to
// the tensor does not change the file.
std::optional<at::Tensor> map_part(int64_t descriptor, int64_t offset,
                                   const std::vector<int64_t>& shape, at::ScalarType dtype) {
  const auto before = offset % static_cast<int64_t>(kPage);
  const auto length = static_cast<int64_t>(c10::elementSize(dtype)) * c10::multiply_integers(shape);
  const auto size = static_cast<size_t>(before + length);
  void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                     static_cast<int>(descriptor), offset - before);
  if (start == MAP_FAILED) return std::nullopt;
  Part* part = claim_part(start, size);
  if (part == nullptr) {
    munmap(start, size);
    return std::nullopt;
  }
  return at::for_blob(static_cast<char*>(start) + before, shape)
      .context(part, &unmap)
      .options(at::TensorOptions().dtype(dtype))
      .make_tensor();
}

// Reads a part into memory, unless it is there.
void read_part(const at::Tensor& tensor) {
#ifndef MADV_POPULATE_READ
  constexpr int MADV_POPULATE_READ = 22;
#endif
  const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
  Part* part = part_at(address);
  auto* start = reinterpret_cast<void*>(part->start.load());
  const size_t size = part->end - part->start;
  madvise(start, size, MADV_WILLNEED);  // asks for all of it at once
  if (madvise(start, size, MADV_POPULATE_READ) != 0 && errno == EFAULT) part->is_cut = true;
}

// Maps a part of a file, and reads it on a thread of its own. Returns a promise of the tensor, or
// of null.
napi_value read_mapped(Environment& environment, int64_t descriptor, int64_t offset,
                       const std::vector<int64_t>& shape, at::ScalarType dtype) {
  static auto* lane =
      new Lane;  // never destroyed, because its thread may outlive all other objects
  auto tensor =
      std::make_shared<std::optional<at::Tensor>>(map_part(descriptor, offset, shape, dtype));
  auto task = std::make_unique<Task>();
  task->start = [tensor](const Task::Done& done) {
    if (*tensor) read_part(**tensor);
    done(nullptr);
  };
  task->result = [tensor, &environment] {
    return to_javascript(environment, std::exchange(*tensor, std::nullopt));
  };
  return environment.tasks().submit(*lane, std::move(task));
}

// Whether the tensor is a mapped part that was not whole.
bool is_cut(const at::Tensor& tensor) {
  const Part* part = part_at(reinterpret_cast<uintptr_t>(tensor.const_data_ptr()));
  return part != nullptr && part->is_cut;
}

}  // namespace

void add_mapped_parts(Bindings& bindings) {
  bindings.add<&read_mapped>("read_mapped");
  bindings.add<&is_cut>("is_cut");
}

}  // namespace torch_losses
