#include "memory/blocks.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace torch_losses {
namespace {

// Blocks of at least this many bytes get a mapping of their own. Their memory goes back to the
// system when they are freed; in malloc's heap, any small block above them would keep it.
constexpr size_t kMmapThreshold = size_t{1} << 20;

// The size of a huge page. The first write to new memory takes 4 to 15 times as long in ordinary
// pages, which is most of the cost of a tensor that is written once.
constexpr size_t kHugePage = size_t{2} << 20;

constexpr uintptr_t round_up(uintptr_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

void* map_pages(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED ? memory : nullptr;
}

// Maps memory at a multiple of kHugePage, and asks the system to back it with huge pages.
void* map_huge_pages(size_t size) {
  size = round_up(size, static_cast<size_t>(sysconf(_SC_PAGE_SIZE)));
  void* memory = map_pages(size + kHugePage);
  if (memory == nullptr) return map_pages(size);  // it may fit without the bytes for alignment
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

Block* allocate_block(uint32_t size_class) {
  size_t size = sizeof(Block) + size_of(size_class);
  void* memory = nullptr;
  if (size >= kMmapThreshold) {
    memory = size >= kHugePage ? map_huge_pages(size) : map_pages(size);
    if (memory == nullptr) return nullptr;
  } else if (posix_memalign(&memory, kAlignment, size) != 0) {
    return nullptr;
  }
  auto* block = static_cast<Block*>(memory);
  block->size_class = size_class;
  return block;
}

void free_block(Block* block) {
  size_t size = sizeof(Block) + size_of(block->size_class);
  if (size >= kMmapThreshold) {
    munmap(block, size);
  } else {
    std::free(block);
  }
}

}  // namespace torch_losses
