// The freed blocks that the CPU allocator keeps for reuse: one pool for the process, and a small
// cache for each thread. Functions that run at every allocation are defined here, to be inlined.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <type_traits>

#include "memory/blocks.h"

namespace torch_losses {

// The blocks that all threads share: one free list for each size class. Also counts the bytes that
// tensors hold. All functions may be called from any thread.
class Pool {
 public:
  // Removes a block from the free list of the class. Returns nullptr if the list is empty.
  Block* take(uint32_t size_class) {
    FreeList& list = lists_[size_class];
    std::lock_guard lock(list.mutex);
    Block* block = list.first;
    if (block != nullptr) {
      list.first = block->next;
      cached_.fetch_sub(size_of(size_class), std::memory_order_relaxed);
    }
    return block;
  }

  // Adds the block to its free list, or frees it if the pool would exceed its limit. A block larger
  // than half the limit is always freed.
  void put(Block* block) {
    size_t size = size_of(block->size_class);
    size_t limit = limit_.load(std::memory_order_relaxed);
    if (size > limit / 2 || cached_.fetch_add(size, std::memory_order_relaxed) + size > limit) {
      if (size <= limit / 2) cached_.fetch_sub(size, std::memory_order_relaxed);
      free_block(block);
      return;
    }
    FreeList& list = lists_[block->size_class];
    std::lock_guard lock(list.mutex);
    block->next = list.first;
    list.first = block;
  }

  // Frees cached blocks, the largest first, until at most `bytes` remain.
  void trim(size_t bytes);

  // The bytes in free lists, and their limit.

  size_t cached() const { return cached_.load(std::memory_order_relaxed); }
  size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(size_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }

  // Adds to the bytes that tensors hold; negative when memory is freed.
  void add_live(int64_t bytes) { live_.fetch_add(bytes, std::memory_order_relaxed); }
  int64_t live() const { return live_.load(std::memory_order_relaxed); }

 private:
  // Aligned to a cache line, so that threads that use different classes do not contend.
  struct alignas(kAlignment) FreeList {
    std::mutex mutex;
    Block* first = nullptr;
  };

  std::array<FreeList, kClasses> lists_;
  alignas(kAlignment) std::atomic<size_t> cached_ = 0;
  alignas(kAlignment) std::atomic<int64_t> live_ = 0;
  std::atomic<size_t> limit_ = 0;
};

// The pool of this copy of the addon. It is never destroyed, because tensors may be freed after all
// other static objects.
extern Pool pool;
static_assert(std::is_trivially_destructible_v<Pool>);

// The small blocks that one thread keeps for itself, without locks.
class ThreadCache {
 public:
  // Only classes below this one are cached: blocks of up to 64 KiB.
  static constexpr uint32_t kCachedClasses = class_of(64 << 10) + 1;
  static constexpr size_t kBytesPerClass = 64 << 10;

  // Returns the cache of the calling thread, or nullptr once the thread is ending.
  static ThreadCache* current() { return current_ != nullptr || ended_ ? current_ : create(); }

  // Removes a block from the free list of the class. Returns nullptr if the list is empty.
  Block* take(uint32_t size_class) {
    FreeList& list = lists_[size_class];
    Block* block = list.first;
    if (block != nullptr) {
      list.first = block->next;
      --list.count;
    }
    return block;
  }

  // Adds the block to its free list. Returns false if the list is full; the block is then the
  // caller's still.
  bool put(Block* block) {
    FreeList& list = lists_[block->size_class];
    if (list.count * size_of(block->size_class) >= kBytesPerClass) return false;
    block->next = list.first;
    list.first = block;
    ++list.count;
    return true;
  }

  // Moves all blocks to the pool.
  void flush();

 private:
  struct FreeList {
    Block* first = nullptr;
    size_t count = 0;
  };

  struct Owner;
  static ThreadCache* create();
  static constinit thread_local ThreadCache* current_;
  static constinit thread_local bool ended_;
  std::array<FreeList, kCachedClasses> lists_;
};

}  // namespace torch_losses
