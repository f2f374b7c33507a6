// The blocks of memory that the CPU allocator keeps and gives out: their size classes, and the
// system's memory that they are.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace torch_losses {

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

// A block of the class, of the system's memory; null where there is none.
Block* from_system(uint32_t size_class);
void to_system(Block* block);

// --- size classes: multiples of 64 to 512 bytes, then four to each doubling ----------------------

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

}  // namespace torch_losses
