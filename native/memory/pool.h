// The freed blocks that the CPU allocator keeps, for all threads and for each. What runs at every
// allocation is in this header, so that it is inlined there.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <type_traits>

#include "memory/blocks.h"

namespace torch_losses {

// What all threads share.
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
  void trim(size_t bytes);

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

// Never destroyed: tensors may outlive everything else.
extern Pool pool;
static_assert(std::is_trivially_destructible_v<Pool>);

// What a thread keeps for itself: small blocks, without locks.
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

  // Gives all of it to the pool.
  void flush();

 private:
  struct Shelf {
    Block* first = nullptr;
    size_t count = 0;
  };

  struct Owner;
  static ThreadCache* create();
  static constinit thread_local ThreadCache* current_;
  static constinit thread_local bool ended_;
  std::array<Shelf, kClassesKept> shelves_;
};

}  // namespace torch_losses
