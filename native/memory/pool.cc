#include "memory/pool.h"

namespace torch_losses {

constinit Pool pool;

void Pool::trim(size_t bytes) {
  for (size_t index = kClasses; index-- > 0 && cached() > bytes;) {
    while (cached() > bytes) {
      Block* block = take(static_cast<uint32_t>(index));
      if (block == nullptr) break;
      free_block(block);
    }
  }
}

void ThreadCache::flush() {
  for (uint32_t index = 0; index < kCachedClasses; ++index) {
    while (Block* block = take(index)) pool.put(block);
  }
}

// Returns a thread's cached blocks to the pool when the thread ends. Tensors that the thread frees
// after that go straight to the pool.
struct ThreadCache::Owner {
  ThreadCache cache;
  ~Owner() {
    current_ = nullptr;
    ended_ = true;
    cache.flush();
  }
};

constinit thread_local ThreadCache* ThreadCache::current_ = nullptr;
constinit thread_local bool ThreadCache::ended_ = false;

ThreadCache* ThreadCache::create() {
  thread_local Owner owner;
  return current_ = &owner.cache;
}

}  // namespace torch_losses
