#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace simulated_cuda {
namespace {

constexpr size_t kAlignment = 512;  // cudaMalloc's

size_t number_of(const char* variable, size_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// The memory of one device. It is mapped twice: without access, at the addresses that pointers
// have, and with access for the host's work.
class Memory {
 public:
  // Empty if the process may not have this much address space.
  Memory() : size_(total_memory()) {
    const int file = memfd_create("simulated-cuda", MFD_CLOEXEC);
    const bool is_there = file >= 0 && ftruncate(file, static_cast<off_t>(size_)) == 0;
    device_ = is_there ? map(file, PROT_NONE) : nullptr;
    host_ = device_ ? map(file, PROT_READ | PROT_WRITE) : nullptr;
    if (file >= 0) close(file);
    if (host_ == nullptr) size_ = 0;
    free_.emplace(0, size_);
  }

  void* allocate(size_t bytes) {
    const size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    for (auto gap = free_.begin(); gap != free_.end(); ++gap) {
      auto [offset, room] = *gap;
      if (room < size) continue;
      free_.erase(gap);
      if (room > size) free_.emplace(offset + size, room - size);
      used_.emplace(offset, size);
      bytes_used_ += size;
      return device_ + offset;
    }
    return nullptr;
  }

  bool release(const void* pointer) {
    const auto block = used_.find(static_cast<const char*>(pointer) - device_);
    if (block == used_.end()) return false;
    auto [offset, size] = *block;
    used_.erase(block);
    bytes_used_ -= size;
    auto next = free_.lower_bound(offset);
    if (next != free_.end() && offset + size == next->first) {
      size += next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == offset) {
        before->second += size;
        return true;
      }
    }
    free_.emplace(offset, size);
    return true;
  }

  bool holds(const void* pointer) const { return pointer >= device_ && pointer < device_ + size_; }

  void* host_view(const void* pointer) const {
    return host_ + (static_cast<const char*>(pointer) - device_);
  }

  size_t bytes_used() const { return bytes_used_; }

 private:
  char* map(int file, int access) const {
    void* place = mmap(nullptr, size_, access, MAP_SHARED | MAP_NORESERVE, file, 0);
    return place == MAP_FAILED ? nullptr : static_cast<char*>(place);
  }

  size_t size_;
  char* device_;
  char* host_;
  std::map<size_t, size_t> free_;  // from offset to size, as the next
  std::map<size_t, size_t> used_;
  size_t bytes_used_ = 0;
};

struct State {
  std::mutex mutex;
  std::vector<Memory> devices{static_cast<size_t>(device_count())};
  std::map<const char*, size_t> pinned;
};

State& state() {
  static State* instance = new State;  // used until the process has ended
  return *instance;
}

}  // namespace

int device_count() {
  static const int count = static_cast<int>(number_of("SIMULATED_CUDA_DEVICES", 2));
  return count;
}

size_t total_memory() {
  static const size_t bytes = number_of("SIMULATED_CUDA_MEMORY", size_t{2} << 30);
  return bytes;
}

void* allocate(int device, size_t bytes) {
  const std::lock_guard lock(state().mutex);
  return state().devices[device].allocate(bytes);
}

bool release(void* pointer) {
  const std::lock_guard lock(state().mutex);
  for (Memory& memory : state().devices) {
    if (memory.holds(pointer)) return memory.release(pointer);
  }
  return false;
}

size_t free_memory(int device) {
  const std::lock_guard lock(state().mutex);
  return total_memory() - state().devices[device].bytes_used();
}

void pin(void* pointer, size_t bytes) {
  const std::lock_guard lock(state().mutex);
  state().pinned.emplace(static_cast<const char*>(pointer), bytes);
}

bool unpin(void* pointer) {
  const std::lock_guard lock(state().mutex);
  return state().pinned.erase(static_cast<const char*>(pointer)) != 0;
}

Location locate(const void* pointer) {
  const std::lock_guard lock(state().mutex);
  for (int device = 0; device < device_count(); ++device) {
    if (state().devices[device].holds(pointer)) return {Place::kDevice, device};
  }
  const char* place = static_cast<const char*>(pointer);
  auto next = state().pinned.upper_bound(place);
  const bool is_pinned =
      next != state().pinned.begin() && place < std::prev(next)->first + std::prev(next)->second;
  return {is_pinned ? Place::kPinned : Place::kElsewhere, is_pinned ? 0 : -2};
}

void* host_view(const void* pointer) {
  for (const Memory& memory : state().devices) {
    if (memory.holds(pointer)) return memory.host_view(pointer);
  }
  return const_cast<void*>(pointer);
}

}  // namespace simulated_cuda
