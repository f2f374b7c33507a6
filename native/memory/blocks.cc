#include "memory/blocks.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace torch_losses {
namespace {

// From here on blocks are mapped one by one, so that a freed one is the system's again at once: in
// malloc's heap it would stay under any small block above it.
constexpr size_t kMapped = size_t{1} << 20;

// The size of the system's huge pages. New memory in ordinary ones takes 4 to 15 times as long to
// touch, which for a tensor written once is most of its cost.
constexpr size_t kHugePage = size_t{2} << 20;

constexpr uintptr_t round_up(uintptr_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

void* map(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED ? memory : nullptr;
}

// In huge pages, where the system has them to give: they begin at multiples of their size.
void* map_huge(size_t size) {
  size = round_up(size, static_cast<size_t>(sysconf(_SC_PAGE_SIZE)));
  void* memory = map(size + kHugePage);
  if (memory == nullptr) return map(size);  // it may fit where the room to align it does not
  const auto start = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t aligned = round_up(start, kHugePage);
  const size_t before = aligned - start;
  if (before > 0) munmap(memory, before);
  munmap(reinterpret_cast<void*>(aligned + size), kHugePage - before);
  memory = reinterpret_cast<void*>(aligned);
#ifdef MADV_HUGEPAGE
  madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace

Block* from_system(uint32_t size_class) {
  size_t size = sizeof(Block) + size_of(size_class);
  void* memory = nullptr;
  if (size >= kMapped) {
    memory = size >= kHugePage ? map_huge(size) : map(size);
    if (memory == nullptr) return nullptr;
  } else if (posix_memalign(&memory, kAlignment, size) != 0) {
    return nullptr;
  }
  auto* block = static_cast<Block*>(memory);
  block->size_class = size_class;
  return block;
}

void to_system(Block* block) {
  size_t size = sizeof(Block) + size_of(block->size_class);
  if (size >= kMapped) {
    munmap(block, size);
  } else {
    std::free(block);
  }
}

}  // namespace torch_losses
