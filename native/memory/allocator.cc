#include "memory/allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "memory/pool.h"

namespace torch_losses {
namespace {

// --- out-of-memory handlers ----------------------------------------------------------------------

using FreeMemory = const std::function<void()>*;

// Returns the handlers of the calling thread: one for each copy of the addon that it has loaded.
std::vector<FreeMemory>& handlers() {
  thread_local std::vector<FreeMemory> list;
  return list;
}

// Calls the thread's handlers. Returns false if there are none, or if they are running already.
bool run_handlers() {
  thread_local bool is_running = false;
  if (is_running || handlers().empty()) return false;
  is_running = true;
  for (FreeMemory handler : handlers()) (*handler)();
  is_running = false;
  return true;
}

// --- the allocators ------------------------------------------------------------------------------

Block* find_block(uint32_t size_class) {
  if (size_class < ThreadCache::kCachedClasses) {
    ThreadCache* cache = ThreadCache::current();
    if (cache != nullptr) {
      if (Block* block = cache->take(size_class)) return block;
    }
  }
  if (Block* block = pool.take(size_class)) return block;
  if (Block* block = allocate_block(size_class)) return block;
  // The system is out of memory: return cached blocks to it, then free the tensors that JavaScript
  // no longer uses.
  pool.trim(0);
  if (Block* block = allocate_block(size_class)) return block;
  if (!run_handlers()) return nullptr;
  if (Block* block = pool.take(size_class)) return block;
  pool.trim(0);
  return allocate_block(size_class);
}

void release(void* data) {
  if (data == nullptr) return;
  Block* block = Block::of(data);
  pool.add_live(-static_cast<int64_t>(block->requested));
  if (block->size_class < ThreadCache::kCachedClasses) {
    ThreadCache* cache = ThreadCache::current();
    if (cache != nullptr && cache->put(block)) return;
  }
  pool.put(block);
}

class CachingAllocator final : public c10::Allocator {
 public:
  explicit CachingAllocator(c10::Allocator& system) : system_(system) {}

  c10::DataPtr allocate(size_t bytes) override {
    c10::Device cpu(c10::kCPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    Block* block = bytes <= kLargest ? find_block(class_of(bytes)) : nullptr;
    // libtorch's own allocator throws its own error, with the requested size.
    if (block == nullptr) return system_.allocate(bytes);
    block->requested = bytes;
    pool.add_live(static_cast<int64_t>(bytes));
    return {block->data(), block->data(), &release, cpu};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  c10::Allocator& system_;
};

// Forwards to libtorch's own allocator, and counts the bytes.
class CountingAllocator final : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator& system) : system_(system) {
    release_ = system.raw_deleter();
  }

  c10::DataPtr allocate(size_t bytes) override {
    c10::DataPtr pointer = allocate_with_retry(bytes);
    void* data = pointer.get();
    pool.add_live(static_cast<int64_t>(malloc_usable_size(data)));
    return {data, pointer.release_context(), &release_counted, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release_counted; }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  c10::DataPtr allocate_with_retry(size_t bytes) {
    try {
      return system_.allocate(bytes);
    } catch (const c10::Error&) {
      if (!run_handlers()) throw;
    }
    return system_.allocate(bytes);
  }

  static void release_counted(void* data) {
    pool.add_live(-static_cast<int64_t>(malloc_usable_size(data)));
    release_(data);
  }

  c10::Allocator& system_;
  static inline c10::DeleterFnPtr release_ = nullptr;
};

// Returns the limit of the pool, in bytes, until JavaScript proposes one: an eighth of the memory
// of the machine. JavaScript knows the limit of a container.
size_t default_limit() {
  auto pages = sysconf(_SC_PHYS_PAGES);
  auto page_size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page_size > 0
             ? static_cast<size_t>(pages) * static_cast<size_t>(page_size) / 8
             : size_t{1} << 30;
}

// --- one pool for all copies of the addon --------------------------------------------------------

void trim_pool(size_t keep) {
  if (ThreadCache* cache = ThreadCache::current()) cache->flush();
  pool.trim(keep);
#ifdef __GLIBC__
  if (keep == 0) malloc_trim(0);
#endif
}

void set_pool_limit(size_t bytes) {
  pool.set_limit(bytes);
  pool.trim(bytes);
}

// The pool's functions as other copies of the addon call them. Each copy has a pool, and only that
// of the first copy loaded is used. Copies may be of different releases, so this layout never
// changes: a new layout gets a new symbol name.
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
    [] { return pool.live(); },
    [] { return pool.cached(); },
    [] { return pool.limit(); },
    &trim_pool,
    &set_pool_limit,
    [](FreeMemory handler) { handlers().push_back(handler); },
    [](FreeMemory handler) { std::erase(handlers(), handler); },
};

constexpr const char* kPoolName = "torch_losses_pool_1";

// Returns the pool of the addon copy that registered the allocator. Returns this copy's own,
// unused, pool if another library registered it.
const PoolInterface* find_pool(const c10::Allocator& allocator) {
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

// --- functions for JavaScript --------------------------------------------------------------------

size_t byte_count(double bytes) {
  TORCH_CHECK_VALUE(bytes >= 0, "expected a number of bytes, got ", bytes);
  return static_cast<size_t>(std::min(bytes, static_cast<double>(kLargest)));
}

// Returns cached blocks to the system until at most `keep` bytes are cached.
void empty_cache(std::optional<double> keep) { shared_pool->trim(byte_count(keep.value_or(0))); }

// Returns the bytes that tensors hold, the bytes cached, and the limit of the cache.
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

// Sets the limit unless set_allocator_limit has been called. Each new environment proposes one.
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
      shared_pool = find_pool(*c10::GetCPUAllocator());
      return;
    }
    if (choice != nullptr && std::string_view(choice) == "system") {
      c10::SetCPUAllocator(new CountingAllocator(*system));
      return;
    }
    pool.set_limit(default_limit());
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
