#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "binding.h"
#include "saturated.h"

namespace torch_losses {
namespace {

// libtorch's own alignment: below 16 bytes results would change.
constexpr size_t kAlignment = 64;

// Before each block's data, so that the data keeps its alignment.
struct alignas(kAlignment) Block {
  Block* next;
  size_t requested;
  uint32_t size_class;

  void* data() { return this + 1; }
  static Block* of(void* data) { return static_cast<Block*>(data) - 1; }
};
static_assert(sizeof(Block) == kAlignment);

// --- size classes: multiples of 64 to 512 bytes, then four to each doubling
// ----------------------------------------

constexpr size_t kLinearClasses = 8;
constexpr size_t kLinearEnd = kLinearClasses * kAlignment;
constexpr uint32_t kFirstExponent = std::bit_width(kLinearEnd) - 1;
constexpr uint32_t kLastExponent = 40;
constexpr size_t kClasses = kLinearClasses + 4 * (kLastExponent - kFirstExponent);
constexpr size_t kLargest = size_t{1} << kLastExponent;

// For 1 to kLargest bytes.
constexpr uint32_t class_of(size_t bytes) {
  size_t last = bytes - 1;
  if (bytes <= kLinearEnd) return static_cast<uint32_t>(last / kAlignment);
  uint32_t exponent = std::bit_width(last) - 1;
  auto quarter = static_cast<uint32_t>(last >> (exponent - 2)) & 3U;
  return static_cast<uint32_t>(kLinearClasses) + 4 * (exponent - kFirstExponent) + quarter;
}

constexpr size_t size_of(uint32_t size_class) {
  if (size_class < kLinearClasses) return (size_class + 1) * kAlignment;
  uint32_t above = size_class - static_cast<uint32_t>(kLinearClasses);
  size_t base = size_t{1} << (kFirstExponent + above / 4);
  return base + (above % 4 + 1) * (base / 4);
}

static_assert(size_of(class_of(1)) == 64 && size_of(class_of(512)) == 512);
static_assert(size_of(class_of(513)) == 640 && size_of(class_of(1024)) == 1024);
static_assert(class_of(kLargest) == kClasses - 1 && size_of(kClasses - 1) == kLargest);

// --- the system's memory
// ---------------------------------------------------------------------------------------------

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

// --- what all threads share
// ------------------------------------------------------------------------------------------

class Pool {
 public:
  // A kept block, or null.
  Block* take(uint32_t size_class) {
    Shelf& shelf = shelves_[size_class];
    std::lock_guard lock(shelf.mutex);
    Block* block = shelf.first;
    if (block != nullptr) {
      shelf.first = block->next;
      cached_.fetch_sub(size_of(size_class), std::memory_order_relaxed);
    }
    return block;
  }

  // Keeps the block, or frees it where that would keep too much.
  void put(Block* block) {
    size_t size = size_of(block->size_class);
    size_t limit = limit_.load(std::memory_order_relaxed);
    if (size > limit / 2 || cached_.fetch_add(size, std::memory_order_relaxed) + size > limit) {
      if (size <= limit / 2) cached_.fetch_sub(size, std::memory_order_relaxed);
      to_system(block);
      return;
    }
    Shelf& shelf = shelves_[block->size_class];
    std::lock_guard lock(shelf.mutex);
    block->next = shelf.first;
    shelf.first = block;
  }

  // Frees kept blocks, large ones first, until at most `bytes` are kept.
  void trim(size_t bytes) {
    for (size_t index = kClasses; index-- > 0 && cached() > bytes;) {
      while (cached() > bytes) {
        Block* block = take(static_cast<uint32_t>(index));
        if (block == nullptr) break;
        to_system(block);
      }
    }
  }

  size_t cached() const { return cached_.load(std::memory_order_relaxed); }
  size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(size_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }

  void count(int64_t bytes) { live_.fetch_add(bytes, std::memory_order_relaxed); }
  int64_t live() const { return live_.load(std::memory_order_relaxed); }

 private:
  struct alignas(kAlignment) Shelf {
    std::mutex mutex;
    Block* first = nullptr;
  };

  std::array<Shelf, kClasses> shelves_;
  alignas(kAlignment) std::atomic<size_t> cached_ = 0;
  alignas(kAlignment) std::atomic<int64_t> live_ = 0;
  std::atomic<size_t> limit_ = 0;
};

// Never destroyed.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

// --- what a thread keeps for itself: small blocks, without locks
// -----------------------------------------------------

class ThreadCache {
 public:
  static constexpr uint32_t kClassesKept = class_of(64 << 10) + 1;
  static constexpr size_t kBytesPerClass = 64 << 10;

  // The cache of this thread; null once the thread is ending.
  static ThreadCache* current() { return current_ != nullptr || ended_ ? current_ : create(); }

  Block* take(uint32_t size_class) {
    Shelf& shelf = shelves_[size_class];
    Block* block = shelf.first;
    if (block != nullptr) {
      shelf.first = block->next;
      --shelf.count;
    }
    return block;
  }

  bool put(Block* block) {
    Shelf& shelf = shelves_[block->size_class];
    if (shelf.count * size_of(block->size_class) >= kBytesPerClass) return false;
    block->next = shelf.first;
    shelf.first = block;
    ++shelf.count;
    return true;
  }

  void flush() {
    for (uint32_t index = 0; index < kClassesKept; ++index) {
      while (Block* block = take(index)) pool().put(block);
    }
  }

 private:
  struct Shelf {
    Block* first = nullptr;
    size_t count = 0;
  };

  struct Owner;
  static ThreadCache* create();
  static thread_local ThreadCache* current_;
  static thread_local bool ended_;
  std::array<Shelf, kClassesKept> shelves_;
};

// Tensors may be freed after a thread's caches are gone: from then on blocks go to the pool.
struct ThreadCache::Owner {
  ThreadCache cache;
  ~Owner() {
    current_ = nullptr;
    ended_ = true;
    cache.flush();
  }
};

thread_local ThreadCache* ThreadCache::current_ = nullptr;
thread_local bool ThreadCache::ended_ = false;

ThreadCache* ThreadCache::create() {
  thread_local Owner owner;
  return current_ = &owner.cache;
}

// --- when memory runs out
// --------------------------------------------------------------------------------------------

using FreeMemory = const std::function<void()>*;

// Those of this thread's environments: one for each copy of the addon.
std::vector<FreeMemory>& handlers() {
  thread_local std::vector<FreeMemory> list;
  return list;
}

// Whether there was anything that might have freed memory.
bool run_handlers() {
  thread_local bool is_running = false;
  if (is_running || handlers().empty()) return false;
  is_running = true;
  for (FreeMemory handler : handlers()) (*handler)();
  is_running = false;
  return true;
}

// --- the allocators
// --------------------------------------------------------------------------------------------------

Block* find_block(uint32_t size_class) {
  if (size_class < ThreadCache::kClassesKept) {
    ThreadCache* cache = ThreadCache::current();
    if (cache != nullptr) {
      if (Block* block = cache->take(size_class)) return block;
    }
  }
  if (Block* block = pool().take(size_class)) return block;
  if (Block* block = from_system(size_class)) return block;
  // What is kept may be what is missing; else what waits to be collected.
  pool().trim(0);
  if (Block* block = from_system(size_class)) return block;
  if (!run_handlers()) return nullptr;
  if (Block* block = pool().take(size_class)) return block;
  pool().trim(0);
  return from_system(size_class);
}

void release(void* data) {
  if (data == nullptr) return;
  Block* block = Block::of(data);
  pool().count(-static_cast<int64_t>(block->requested));
  if (block->size_class < ThreadCache::kClassesKept) {
    ThreadCache* cache = ThreadCache::current();
    if (cache != nullptr && cache->put(block)) return;
  }
  pool().put(block);
}

class CachingAllocator final : public c10::Allocator {
 public:
  explicit CachingAllocator(c10::Allocator& system) : system_(system) {}

  c10::DataPtr allocate(size_t bytes) override {
    c10::Device cpu(c10::kCPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    Block* block = bytes <= kLargest ? find_block(class_of(bytes)) : nullptr;
    // libtorch's own allocator then fails with its own text, and the size that was asked for.
    if (block == nullptr) return system_.allocate(bytes);
    block->requested = bytes;
    pool().count(static_cast<int64_t>(bytes));
    return {block->data(), block->data(), &release, cpu};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  c10::Allocator& system_;
};

// Leaves allocation to libtorch's own, and counts.
class CountingAllocator final : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator& system) : system_(system) {
    release_ = system.raw_deleter();
  }

  c10::DataPtr allocate(size_t bytes) override {
    c10::DataPtr pointer = allocate_or_free_memory(bytes);
    void* data = pointer.get();
    pool().count(static_cast<int64_t>(malloc_usable_size(data)));
    return {data, pointer.release_context(), &release_counted, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release_counted; }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  c10::DataPtr allocate_or_free_memory(size_t bytes) {
    try {
      return system_.allocate(bytes);
    } catch (const c10::Error&) {
      if (!run_handlers()) throw;
    }
    return system_.allocate(bytes);
  }

  static void release_counted(void* data) {
    pool().count(-static_cast<int64_t>(malloc_usable_size(data)));
    release_(data);
  }

  c10::Allocator& system_;
  static inline c10::DeleterFnPtr release_ = nullptr;
};

// Until JavaScript, which knows of containers, sets it.
size_t default_limit() {
  auto pages = sysconf(_SC_PHYS_PAGES);
  auto page_size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page_size > 0
             ? static_cast<size_t>(pages) * static_cast<size_t>(page_size) / 8
             : size_t{1} << 30;
}

// --- one for all copies of the addon
// ---------------------------------------------------------------------------------

void trim_pool(size_t keep) {
  if (ThreadCache* cache = ThreadCache::current()) cache->flush();
  pool().trim(keep);
#ifdef __GLIBC__
  if (keep == 0) malloc_trim(0);
#endif
}

void set_pool_limit(size_t bytes) {
  pool().set_limit(bytes);
  pool().trim(bytes);
}

// Each copy has a pool of its own, and the first one's is in use. The others reach it by this,
// whose layout never changes: a new one would have a new name.
struct PoolInterface {
  int64_t (*live)();
  size_t (*cached)();
  size_t (*limit)();
  void (*trim)(size_t keep);
  void (*set_limit)(size_t bytes);
  void (*add_handler)(FreeMemory);
  void (*remove_handler)(FreeMemory);
};

constexpr PoolInterface kPool = {
    [] { return pool().live(); },
    [] { return pool().cached(); },
    [] { return pool().limit(); },
    &trim_pool,
    &set_pool_limit,
    [](FreeMemory handler) { handlers().push_back(handler); },
    [](FreeMemory handler) { std::erase(handlers(), handler); },
};

constexpr const char* kPoolName = "torch_losses_pool_1";

// The pool of the copy whose allocator it is; this copy's own for anything else's.
const PoolInterface* pool_behind(const c10::Allocator& allocator) {
  Dl_info copy{};
  auto deleter = reinterpret_cast<void*>(allocator.raw_deleter());
  if (deleter == nullptr || dladdr(deleter, &copy) == 0) return &kPool;
  void* library = dlopen(copy.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return &kPool;
  auto get = reinterpret_cast<const void* (*)()>(dlsym(library, kPoolName));
  dlclose(library);
  return get != nullptr ? static_cast<const PoolInterface*>(get()) : &kPool;
}

const PoolInterface* shared_pool = &kPool;

// --- for JavaScript
// --------------------------------------------------------------------------------------------------

size_t byte_count(double bytes) {
  TORCH_CHECK_VALUE(bytes >= 0, "expected a number of bytes, got ", bytes);
  return static_cast<size_t>(std::min(bytes, static_cast<double>(kLargest)));
}

void empty_cache(std::optional<double> keep) { shared_pool->trim(byte_count(keep.value_or(0))); }

// Live, kept, and the most that is kept, in bytes.
std::vector<int64_t> allocator_stats() {
  return {shared_pool->live(), static_cast<int64_t>(shared_pool->cached()),
          static_cast<int64_t>(shared_pool->limit())};
}

std::atomic<bool> is_limit_chosen = false;

void set_allocator_limit(double bytes) {
  size_t limit = byte_count(bytes);
  is_limit_chosen = true;
  shared_pool->set_limit(limit);
}

// The same until somebody chooses one: every environment proposes when it begins.
void propose_allocator_limit(double bytes) {
  size_t limit = byte_count(bytes);
  if (!is_limit_chosen) shared_pool->set_limit(limit);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const void* torch_losses_pool_1() {
  return &kPool;
}

void install_allocator() {
  static std::once_flag once;
  std::call_once(once, [] {
    const char* choice = std::getenv("TORCH_LOSSES_ALLOCATOR");
    c10::Allocator* system = c10::GetDefaultCPUAllocator();
    if (c10::GetCPUAllocator() != system) {
      shared_pool = pool_behind(*c10::GetCPUAllocator());
      return;
    }
    if (choice != nullptr && std::string_view(choice) == "system") {
      c10::SetCPUAllocator(new CountingAllocator(*system));
      return;
    }
    pool().set_limit(default_limit());
    c10::SetCPUAllocator(new CachingAllocator(*system));
  });
}

int64_t allocator_live_bytes() noexcept { return shared_pool->live(); }

OutOfMemoryHandler::OutOfMemoryHandler(std::function<void()> free_memory)
    : free_memory_(std::move(free_memory)) {
  shared_pool->add_handler(&free_memory_);
}

OutOfMemoryHandler::~OutOfMemoryHandler() { shared_pool->remove_handler(&free_memory_); }

void add_allocator(Bindings& bindings) {
  bindings.add<&empty_cache>("empty_cache");
  bindings.add<&allocator_stats>("allocator_stats");
  bindings.add<&set_allocator_limit>("set_allocator_limit");
  bindings.add<&propose_allocator_limit>("propose_allocator_limit");
}

}  // namespace torch_losses
