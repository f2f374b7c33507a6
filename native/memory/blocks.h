// Blocks of memory of the CPU allocator: their header, their size classes, and how they are
// obtained from the operating system.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace torch_losses {

// The alignment of a tensor's data, in bytes; libtorch uses the same. Vectorised kernels split off
// unaligned elements, so that data aligned to less than 16 bytes would give other bits.
constexpr size_t kAlignment = 64;

// The header in front of a block's data. Its size is the alignment, so that the data stays aligned.
struct alignas(kAlignment) Block {
  Block* next;       // the next block of the same free list
  size_t requested;  // the bytes that the caller asked for, at most the size of the class
  uint32_t size_class;

  void* data() { return this + 1; }
  static Block* of(void* data) { return static_cast<Block*>(data) - 1; }
};
static_assert(sizeof(Block) == kAlignment);

// Allocates a block from the operating system. Returns nullptr if the system is out of memory.
Block* allocate_block(uint32_t size_class);

// Returns a block's memory to the operating system.
void free_block(Block* block);

// --- size classes: multiples of 64 up to 512 bytes, then four classes for each power of two ------

constexpr size_t kLinearClasses = 8;
constexpr size_t kLinearEnd = kLinearClasses * kAlignment;
constexpr uint32_t kFirstExponent = std::bit_width(kLinearEnd) - 1;
constexpr uint32_t kLastExponent = 40;
constexpr size_t kClasses = kLinearClasses + 4 * (kLastExponent - kFirstExponent);
constexpr size_t kLargest = size_t{1} << kLastExponent;

// Returns the smallest class whose blocks hold `bytes`, which must be between 1 and kLargest.
constexpr uint32_t class_of(size_t bytes) {
  size_t last = bytes - 1;
  if (bytes <= kLinearEnd) return static_cast<uint32_t>(last / kAlignment);
  uint32_t exponent = std::bit_width(last) - 1;
  auto quarter = static_cast<uint32_t>(last >> (exponent - 2)) & 3U;
  return static_cast<uint32_t>(kLinearClasses) + 4 * (exponent - kFirstExponent) + quarter;
}

// Returns the number of data bytes of a block of the class.
constexpr size_t size_of(uint32_t size_class) {
  if (size_class < kLinearClasses) return (size_class + 1) * kAlignment;
  uint32_t above = size_class - static_cast<uint32_t>(kLinearClasses);
  size_t base = size_t{1} << (kFirstExponent + above / 4);
  return base + (above % 4 + 1) * (base / 4);
}

static_assert(size_of(class_of(1)) == 64 && size_of(class_of(512)) == 512);
static_assert(size_of(class_of(513)) == 640 && size_of(class_of(1024)) == 1024);
static_assert(class_of(kLargest) == kClasses - 1 && size_of(kClasses - 1) == kLargest);

}  // namespace torch_losses
